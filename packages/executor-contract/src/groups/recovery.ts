import assert from "node:assert/strict";
import type { Executor, SessionRef } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { contractTools } from "../contract-tools.ts";
import { nextCalls, untilDone } from "../drive-step.ts";
import { assertValue, failTyped } from "../ended-typed.ts";
import { readState, richState, throughJson } from "./recovered-state.ts";

export const recoveryCases: readonly ContractCase[] = [
  {
    name: "a snapshot is plain JSON, and brings back variables, functions, objects and generators",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      await run(session, richState);
      const reference = throughJson(await session.snapshot?.());
      await run(session, "rows.append(99)");
      const restored = await open({ restore: reference });
      assertValue((await run(restored, readState)).execution, [[1, 2], 8, 3, 1, 2]);
      assertValue((await run(restored, "echo(5)")).execution, 5);
      assertValue((await run(session, "rows")).execution, [1, 2, 99]);
    },
  },
  {
    name: "code of before a snapshot keeps its lines in errors",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      await run(session, "def broken():\n    raise KeyError('k')");
      const restored = await open({ restore: throughJson(await session.snapshot?.()) });
      const { error } = (await run(restored, "x = 1\ny = 2\nbroken()")).execution;
      assert.equal(error?.line, 3);
      assert.match(error?.traceback ?? "", /broken\(\)\n.*\n {4}raise KeyError/);
    },
  },
  {
    name: "one snapshot can be restored twice, also by another instance of the executor",
    needs: ["snapshot"],
    async run({ open, run, options }) {
      const session = await open();
      await run(session, "count = 1");
      const reference = throughJson(await session.snapshot?.());
      await session[Symbol.asyncDispose]();
      const other: Executor = options.create();
      const [first, second, third] = [
        await open({ restore: reference }),
        await open({ restore: reference }),
        await other.open({ restore: reference, tools: contractTools }),
      ];
      try {
        for (const [index, restored] of [first, second, third].entries())
          assertValue((await run(restored, `count += ${index}\ncount`)).execution, 1 + index);
      } finally {
        await third[Symbol.asyncDispose]();
      }
    },
  },
  {
    name: "a restored session can be saved again",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      await run(session, "x = 1");
      const restored = await open({ restore: throughJson(await session.snapshot?.()) });
      await run(restored, "x += 1");
      assertValue((await run(await open({ restore: throughJson(await restored.snapshot?.()) }), "x")).execution, 2);
    },
  },
  {
    name: "files of the sandbox come back with a snapshot",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      const written = await run(
        session,
        "import os, tempfile\npath = os.path.join(tempfile.gettempdir(), 'saved.txt')\nopen(path, 'w').write('kept')\nopen('beside.txt', 'w').write('kept too')",
      );
      assert.equal(written.execution.error, undefined);
      const restored = await open({ restore: throughJson(await session.snapshot?.()) });
      assertValue((await run(restored, "[open(path).read(), open('beside.txt').read()]")).execution, ["kept", "kept too"]);
    },
  },
  {
    name: "random numbers differ after two restores without a seed",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      await run(session, "import random, uuid\nx = 1");
      const reference = throughJson(await session.snapshot?.());
      const draw = async (): Promise<unknown> =>
        (await run(await open({ restore: reference }), "[random.random(), str(uuid.uuid4())]")).execution.value;
      assert.notDeepEqual(await draw(), await draw());
    },
  },
  {
    name: "a snapshot with a pending call is refused with configuration, or resumes with the same call",
    needs: ["snapshot"],
    async run(context) {
      const session = await context.open();
      await context.run(session, "keep = 7");
      session.start("echo(keep) + 1");
      const [call] = await nextCalls(session, 1);
      let reference: SessionRef | undefined;
      try {
        reference = await session.snapshot?.();
      } catch (error) {
        assert.equal((error as { code?: string }).code, "configuration");
      }
      if (reference !== undefined) {
        const restored = await context.open({ restore: throughJson(reference) });
        const [again] = await nextCalls(restored, 1);
        restored.deliver([{ id: again?.id ?? "", value: 7 }]);
        assertValue((await untilDone(restored)).execution, 8);
      }
      session.deliver([{ id: call?.id ?? "", value: 7 }]);
      assertValue((await untilDone(session)).execution, 8);
    },
  },
  {
    name: "a snapshot after a lost state is taken of what is there",
    needs: ["snapshot"],
    async run({ open, run }) {
      const session = await open();
      await run(session, "x = 1");
      await run(session, "sum(range(10**13))", { timeoutMs: 200 });
      await run(session, "y = 2");
      assertValue((await run(await open({ restore: throughJson(await session.snapshot?.()) }), "y")).execution, 2);
    },
  },
  {
    name: "a reference that is damaged or of another executor is refused, and leaves nothing",
    needs: ["snapshot"],
    async run(context) {
      const session = await context.open();
      const reference = throughJson(await session.snapshot?.());
      for (const restore of [
        { ...reference, executor: "another" },
        { ...reference, data: null },
        { ...reference, data: { version: 999 } },
      ]) {
        await assert.rejects(
          context.open({ restore }),
          (error: { code?: string }) => error.code === "configuration" || error.code === "executor-crashed",
        );
      }
      await failTyped(context, await context.open(), "x");
    },
  },
];
