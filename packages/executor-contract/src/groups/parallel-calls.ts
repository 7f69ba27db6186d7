import assert from "node:assert/strict";
import type { ExecutorSession, SandboxCall } from "@codelet/core";
import { type ContractCase, gentle } from "../contract-case.ts";
import { nextAdvance, nextCalls, untilDone } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Host calls that wait at the same time. Answers go out in the order that each case decides. */
export const parallelCallCases: readonly ContractCase[] = gentle([
  {
    name: "five calls of asyncio.gather wait at once",
    async run({ open, run }) {
      const step = await run(await open(), "import asyncio\nawait asyncio.gather(*[slow.aio(200, i) for i in range(5)])");
      assertValue(step.execution, [0, 1, 2, 3, 4]);
      assert.ok(step.elapsedMs < 800, `five calls of 200 ms took ${step.elapsedMs} ms`);
    },
  },
  {
    name: "who asks twice before there is an answer hears the same",
    async run({ open }) {
      const session = await open();
      session.start("echo(6) + 1");
      const [first, second] = await Promise.all([nextAdvance(session), nextAdvance(session)]);
      assert.deepEqual(second, first);
      const [call] = first.type === "calls" ? first.calls : [];
      assert.equal(call?.tool, "echo");
      answer(session, call);
      const [done, again] = await Promise.all([untilDone(session), untilDone(session)]);
      assertValue(done.execution, 7);
      assert.deepEqual(again, done);
    },
  },
  {
    name: "asyncio.gather goes on in every order of answers",
    async run({ open }) {
      const session = await open();
      for (const order of orders) {
        session.start("import asyncio\nawait asyncio.gather(*[echo.aio(i) for i in range(3)])");
        const calls = await nextCalls(session, 3);
        for (const index of order) answer(session, calls[index]);
        assertValue((await untilDone(session)).execution, [0, 1, 2]);
      }
    },
  },
  {
    name: "answers come one by one, some together, or all at once",
    async run({ open }) {
      const session = await open();
      for (const parts of [[[2], [0, 1]], [[1, 0], [2]], [[2, 1, 0]]]) {
        session.start("import asyncio\nawait asyncio.gather(*[echo.aio(i) for i in range(3)])");
        const calls = await nextCalls(session, 3);
        for (const part of parts) session.deliver(part.map((index) => ({ id: calls[index]?.id ?? "", value: index })));
        assertValue((await untilDone(session)).execution, [0, 1, 2]);
      }
    },
  },
  {
    name: "the second call's answer lets its own task go on while the first waits",
    async run({ open }) {
      const session = await open();
      session.start(
        "import asyncio\nasync def chain(i):\n    return await echo.aio(await echo.aio(i))\nawait asyncio.gather(chain('a'), chain('b'))",
      );
      const [first, second] = await nextCalls(session, 2);
      answer(session, second);
      const [third] = await nextCalls(session, 1);
      assert.deepEqual(third?.args, ["b"]);
      answer(session, third);
      answer(session, first);
      const [fourth] = await nextCalls(session, 1);
      answer(session, fourth);
      assertValue((await untilDone(session)).execution, ["a", "b"]);
    },
  },
  {
    name: "a cancelled task gives its call up, and a late answer changes nothing",
    async run({ open, run }) {
      const session = await open();
      session.start(
        "import asyncio\nt = asyncio.ensure_future(echo.aio('given up'))\nawait asyncio.sleep(0.05)\nt.cancel()\ntry:\n    await t\nexcept asyncio.CancelledError:\n    pass\necho('kept')",
      );
      const [givenUp] = await nextCalls(session, 1);
      const cancelled: string[] = [];
      let kept: SandboxCall | undefined;
      while (kept === undefined) {
        const advance = await nextAdvance(session);
        assert.equal(advance.type, "calls");
        if (advance.type === "calls") {
          cancelled.push(...advance.cancelled);
          kept = advance.calls[0];
        }
      }
      answer(session, givenUp);
      answer(session, kept);
      const done = await untilDone(session);
      assertValue(done.execution, "kept");
      assert.deepEqual([...cancelled, ...done.cancelled], [givenUp?.id]);
      assertValue((await run(session, "echo('next')")).execution, "next");
    },
  },
  {
    name: "a call that nobody waits for is given up when the step ends",
    async run({ open, run }) {
      const session = await open();
      let signal: AbortSignal | undefined;
      const forever = (_: unknown, __: unknown, call: { signal: AbortSignal }): Promise<never> => {
        signal = call.signal;
        return new Promise(() => {});
      };
      const code = "import asyncio\nt = asyncio.ensure_future(echo.aio(1))\nawait asyncio.sleep(0.05)\n'over'";
      assertValue((await run(session, code, { tools: { echo: forever } })).execution, "over");
      assert.ok(signal === undefined || signal.aborted);
      assertValue((await run(session, "echo('next')")).execution, "next");
    },
  },
]);

/** Answers a call with its own first argument. */
export function answer(session: ExecutorSession, call: SandboxCall | undefined): void {
  assert.ok(call);
  session.deliver([{ id: call.id, value: call.args[0] ?? null }]);
}
