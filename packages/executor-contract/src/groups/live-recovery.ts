import assert from "node:assert/strict";
import type { CodeletError, ExecutorSession } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { nextCalls, untilDone } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";
import { pause } from "../within.ts";
import { readState, richState, throughJson } from "./recovered-state.ts";

/** Sandboxes that stay alive without a host, and are found again. */
export const liveRecoveryCases: readonly ContractCase[] = [
  {
    name: "a detached session is found again with its state",
    needs: ["pinned"],
    async run({ open, run }) {
      const session = await open();
      await run(session, richState);
      const reference = throughJson(await session.detach?.());
      const found = await open({ restore: reference });
      assertValue((await run(found, readState)).execution, [[1, 2], 8, 3, 1, 2]);
      assertValue((await run(found, "echo(6)")).execution, 6);
    },
  },
  {
    name: "a session that is detached in the middle of a step goes on with the calls that were not answered",
    needs: ["pinned"],
    async run({ open }) {
      const session = await open();
      session.start("first = echo('a')\nprint('between')\nsecond = echo('b')\nprint('after')\n[first, second]");
      const [a] = await nextCalls(session, 1);
      session.deliver([{ id: a?.id ?? "", value: "A" }]);
      const [b] = await nextCalls(session, 1);
      const waiting = session.next().catch((error: unknown) => error);
      const reference = throughJson(await session.detach?.());
      assert.equal(((await waiting) as { code?: string }).code, "aborted");
      const found = await open({ restore: reference });
      assert.throws(
        () => found.start("1"),
        (error: { code?: string }) => error.code === "configuration",
      );
      found.resume?.();
      const [again] = await nextCalls(found, 1);
      assert.deepEqual([again?.id, again?.tool, again?.args], [b?.id, "echo", ["b"]]);
      found.deliver([{ id: again?.id ?? "", value: "B" }]);
      const { execution } = await untilDone(found);
      assertValue(execution, ["A", "B"]);
      assert.equal(execution.logs, "between\nafter\n");
      assert.equal(execution.stateLost, false);
    },
  },
  {
    name: "a step that ended while no host was there is handed over, or left behind by the next one",
    needs: ["pinned"],
    async run({ open, run }) {
      const session = await open();
      session.start("import time\ntime.sleep(0.5)\nprint('done')\nx = 41\nfinal_answer(x + 1)");
      await pause(100);
      const reference = throughJson(await session.detach?.());
      await pause(800);
      const found = await open({ restore: reference });
      found.resume?.();
      const { execution } = await untilDone(found);
      assert.equal(execution.finalAnswer?.value, 42);
      assert.equal(execution.logs, "done\n");
      const again = await open({ restore: throughJson(await found.detach?.()) });
      assertValue((await run(again, "x")).execution, 41);
    },
  },
  {
    name: "a session whose host lost it without a word is found by its reference, in the middle of a step",
    needs: ["pinned"],
    async run({ open }) {
      const session = await open();
      const reference = throughJson(session.reference);
      session.start("[echo(n) for n in range(3)]");
      const [first] = await nextCalls(session, 1);
      session.deliver([{ id: first?.id ?? "", value: 10 }]);
      const [second] = await nextCalls(session, 1);
      const found = await open({ restore: reference });
      found.resume?.();
      const [again] = await nextCalls(found, 1);
      assert.equal(again?.id, second?.id);
      found.deliver([{ id: again?.id ?? "", value: 20 }]);
      const [third] = await nextCalls(found, 1);
      assert.notEqual(third?.id, second?.id);
      found.deliver([{ id: third?.id ?? "", value: 30 }]);
      assertValue((await untilDone(found)).execution, [10, 20, 30]);
    },
  },
  {
    name: "a session that is found again tells which step was started last, whatever has become of it",
    needs: ["pinned"],
    async run({ open }) {
      const session = await open();
      const reference = throughJson(session.reference);
      const lastKey = async (): Promise<unknown> => {
        const found = await open({ restore: reference });
        await found.detach?.();
        return found.lastKey;
      };
      const start = async (code: string, key: string): Promise<ExecutorSession> => {
        const found = await open({ restore: reference });
        found.start(code, { key, timeoutMs: 500 });
        return found;
      };
      assert.equal(session.lastKey, undefined);
      assert.equal(await lastKey(), "");
      await untilDone(await start("x = 1", "run/1"));
      assert.equal(await lastKey(), "run/1");
      await nextCalls(await start("x += 1\necho(x)", "run/2"), 1);
      assert.equal(await lastKey(), "run/2");
      const waiting = await open({ restore: reference });
      waiting.resume?.();
      const [call] = await nextCalls(waiting, 1);
      waiting.deliver([{ id: call?.id ?? "", value: 2 }]);
      await untilDone(waiting);
      assert.equal((await untilDone(await start("import os\nos._exit(3)", "run/3"))).execution.stateLost, true);
      assert.equal(await lastKey(), "run/3");
      const found = await open({ restore: reference });
      assert.equal(found.resume, undefined);
      found.start("1");
      assert.equal((await untilDone(found)).execution.stateLost, true);
    },
  },
  {
    name: "calls that were made side by side and never answered come again under their ids, each once",
    needs: ["pinned"],
    async run({ open }) {
      const session = await open();
      const reference = throughJson(session.reference);
      session.start("import asyncio\nawait asyncio.gather(*[echo.aio(n) for n in range(5)])");
      const ids = (await nextCalls(session, 5)).map(({ id }) => id);
      const found = await open({ restore: reference });
      found.resume?.();
      const again = await nextCalls(found, 5);
      assert.deepEqual(
        again.map(({ id }) => id),
        ids,
      );
      found.deliver(again.map(({ id, args }) => ({ id, value: args[0] ?? null })));
      assertValue((await untilDone(found)).execution, [0, 1, 2, 3, 4]);
    },
  },
  {
    name: "an attempt to find a session that is given up leaves the session to the next one",
    needs: ["pinned"],
    async run({ executor, open, run }) {
      const session = await open();
      await run(session, "kept = 5");
      const reference = throughJson(await session.detach?.());
      for (const afterMs of [0, 1, 10, 50]) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), afterMs);
        const early = await executor.open({ restore: reference, signal: controller.signal }).catch((error: { code?: string }) => error.code);
        if (typeof early === "object") await early.detach?.();
        else assert.equal(early, "aborted");
      }
      assertValue((await run(await open({ restore: reference }), "kept")).execution, 5);
    },
  },
  {
    name: "an attempt to find a session with tools or variables that are refused leaves the session to the next one",
    needs: ["pinned"],
    async run({ executor, open, run }) {
      const session = await open();
      await run(session, "kept = 5");
      const reference = throughJson(await session.detach?.());
      const noName = { name: "no name", description: "Does nothing.", inputSchema: {} };
      for (const refused of [{ tools: [noName] }, { variables: { "no name": 1 } }])
        await assert.rejects(executor.open({ restore: reference, ...refused }), (error: { code?: string }) => error.code !== "executor-crashed");
      assertValue((await run(await open({ restore: reference }), "kept")).execution, 5);
    },
  },
  {
    name: "of a session that has ended, and of a reference that is none of the executor's, it is told that nobody will ever find it",
    needs: ["pinned"],
    async run({ executor, open }) {
      const session = await open();
      const reference = throughJson(session.reference);
      await session[Symbol.asyncDispose]();
      for (const restore of [reference, { ...reference, executor: "another" }, { ...reference, data: null }])
        await assert.rejects(executor.open({ restore }), (error: Partial<CodeletError>) => error.details?.sandbox === "gone");
    },
  },
  {
    name: "a detached session that is disposed of leaves its sandbox alone, and resume without a step is refused",
    needs: ["pinned"],
    async run({ open, run }) {
      const session = await open();
      const reference = throughJson(await session.detach?.());
      await session[Symbol.asyncDispose]();
      const found = await open({ restore: reference });
      assert.throws(
        () => found.resume?.(),
        (error: { code?: string }) => error.code === "configuration",
      );
      assertValue((await run(found, "1 + 1")).execution, 2);
    },
  },
];
