import assert from "node:assert/strict";
import { isMedia } from "@codelet/core";
import { type ContractCase, gentle } from "../contract-case.ts";
import { contractFunctions } from "../contract-tools.ts";
import { nextCalls, untilDone } from "../drive-step.ts";
import { assertError, assertValue } from "../ended-typed.ts";
import { finalAnswerCases } from "./final-answer.ts";
import { parallelCallCases } from "./parallel-calls.ts";
import { threadCallCases } from "./thread-calls.ts";
import { toolSecretCases } from "./tool-secrets.ts";

const plainCallCases: readonly ContractCase[] = gentle([
  {
    name: "positional and keyword arguments arrive as they were written",
    async run({ open, run }) {
      const step = await run(await open(), "add(1, b=2) * add(3, 4)");
      assertValue(step.execution, 21);
      assert.deepEqual(
        step.calls.map(({ tool, args, kwargs }) => ({ tool, args, kwargs: { ...kwargs } })),
        [
          { tool: "add", args: [1], kwargs: { b: 2 } },
          { tool: "add", args: [3, 4], kwargs: {} },
        ],
      );
      assert.equal(new Set(step.calls.map(({ id }) => id)).size, 2, "ids differ");
    },
  },
  {
    name: "a failed tool is an exception that the code can catch",
    async run({ open, run }) {
      const session = await open();
      const { execution } = await run(session, "try:\n    fail()\nexcept Exception as e:\n    m = str(e)\nm");
      assert.match(String(execution.value), /no such city/);
      const uncaught = (await run(session, "x = 1\nfail()")).execution;
      assert.match(uncaught.error?.message ?? "", /no such city/);
      assert.equal(uncaught.error?.line, 2);
    },
  },
  {
    name: "a tool may throw anything",
    async run({ open, run }) {
      const session = await open();
      for (const thrown of [null, undefined, 5, "text", { message: 1 }, Object.create(null)]) {
        const throwIt = (): never => {
          throw thrown;
        };
        const { execution } = await run(session, "try:\n    fail()\nexcept Exception as e:\n    m = 'caught'\nm", { tools: { fail: throwIt } });
        assertValue(execution, "caught");
      }
    },
  },
  {
    name: "a result that can't cross is an error in the code or at delivery, and the session goes on",
    async run({ open, run }) {
      const session = await open();
      const circular: unknown[] = [];
      circular.push(circular);
      const refused = [
        circular,
        () => 1,
        Symbol("s"),
        {
          get trap() {
            throw new Error("getter");
          },
        },
      ];
      for (const value of refused) assert.ok((await run(session, "fail()", { tools: { fail: () => value } })).execution.error);
      assertValue((await run(session, "fail()", { tools: { fail: () => 2n ** 80n } })).execution, 2n ** 80n);
      assertValue((await run(session, "echo(3)")).execution, 3);
    },
  },
  {
    name: "a hostile result stays data",
    async run({ open, run }) {
      const session = await open();
      const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "then": "thenable"}');
      const { execution } = await run(session, "x = fail()\nx", { tools: { fail: () => [hostile] } });
      assert.equal(execution.error, undefined);
      const [value] = execution.value as readonly object[];
      assert.deepEqual(Object.keys(value ?? {}), ["__proto__", "constructor", "then"]);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    },
  },
  {
    name: "an unknown name is a NameError, not a call",
    async run({ open, run }) {
      const step = await run(await open(), "no_such_tool(1)");
      assertError(step.execution, "NameError");
      assert.equal(step.calls.length, 0);
    },
  },
  {
    name: "a tool is a function that can be passed on, listed and described",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "list(map(echo, [1, 2, 3]))")).execution, [1, 2, 3]);
      assertValue((await run(session, "[callable(echo), echo.__name__, 'Returns its argument.' in (echo.__doc__ or '')]")).execution, [
        true,
        "echo",
        true,
      ]);
    },
  },
  {
    name: "tools bound between steps are there, and replace those of the same name",
    async run({ open, run }) {
      const session = await open({ tools: [] });
      assertError((await run(session, "shout('a')")).execution, "NameError");
      const shout = { name: "shout", description: "Shouts.", inputSchema: { type: "object", properties: { text: { type: "string" } } } };
      await session.bind({ tools: [shout], variables: { word: "hey" } });
      assertValue((await run(session, "shout(word)", { tools: { shout: ([text]) => String(text).toUpperCase() } })).execution, "HEY");
      await session.bind({ tools: [{ ...shout, description: "Shouts louder." }] });
      assertValue((await run(session, "'louder' in shout.__doc__")).execution, true);
    },
  },
  {
    name: "a tool may run code in a session of its own, as a managed agent does",
    async run({ open, run }) {
      const session = await open();
      const shout = async ([task]: readonly unknown[]): Promise<unknown> => {
        const inner = await run(await open({ variables: { task: String(task) } }), "final_answer(echo(task).upper())");
        return inner.execution.finalAnswer?.value;
      };
      assertValue((await run(session, "echo('hello')", { tools: { echo: shout } })).execution, "HELLO");
    },
  },
  {
    name: "a picture from a tool comes back as a picture",
    async run({ open, run }) {
      const { execution } = await run(await open(), "p = picture()\np");
      assert.ok(isMedia(execution.value), `expected media, got ${JSON.stringify(execution)}`);
      assert.equal(execution.value.mediaType, "image/png");
      assert.deepEqual([...execution.value.data.subarray(1, 4)], [0x50, 0x4e, 0x47]);
    },
  },
  {
    name: "8 MB of text and 1 MB of bytes cross in both directions",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "s = text_of(8_000_000)\n[len(s), echo(s) == s]")).execution, [8_000_000, true]);
      assertValue((await run(session, "b = bytes_of(1_000_000)\n[type(b).__name__, len(b), echo(b) == b]")).execution, ["bytes", 1_000_000, true]);
    },
  },
  {
    name: "a warm step and a tool call cost milliseconds",
    async run({ open, run }) {
      const session = await open();
      const steps: number[] = [];
      for (let step = 0; step < 20; step++) steps.push((await run(session, "1")).elapsedMs);
      const calls = await run(session, "for i in range(50):\n    add(i, 1)");
      const median = steps.sort((a, b) => a - b)[10] ?? 0;
      assert.ok(median < 250, `a warm step takes ${median} ms`);
      assert.ok(calls.elapsedMs / 50 < 250, `a call takes ${calls.elapsedMs / 50} ms`);
    },
  },
  {
    name: "an answer to a call that doesn't exist changes nothing",
    async run({ open }) {
      const session = await open();
      session.start("echo(1) + 1");
      const [call] = await nextCalls(session, 1);
      try {
        session.deliver([{ id: "no-such-call", value: 5 }]);
      } catch {
        // refusing it aloud is fine too
      }
      session.deliver([{ id: call?.id ?? "", value: contractFunctions.echo?.([1], {}, { id: "", signal: AbortSignal.abort() }) as number }]);
      assertValue((await untilDone(session)).execution, 2);
    },
  },
]);

export const callCases: readonly ContractCase[] = [
  ...plainCallCases,
  ...toolSecretCases,
  ...finalAnswerCases,
  ...parallelCallCases,
  ...threadCallCases,
];
