import assert from "node:assert/strict";
import type { ExecutorSession, SandboxCall } from "@codelet/core";
import { type ContractCase, gentle } from "../contract-case.ts";
import { nextAdvance, nextCalls, untilDone } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";
import { eventually } from "../within.ts";

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
  {
    name: "five threads call at once",
    needs: ["threads"],
    async run({ open, run }) {
      const step = await run(
        await open(),
        "from concurrent.futures import ThreadPoolExecutor as Pool\nwith Pool(5) as pool:\n    out = list(pool.map(lambda i: slow(300, i), range(5)))\nout",
      );
      assertValue(step.execution, [0, 1, 2, 3, 4]);
      assert.ok(step.elapsedMs < 1_200, `five calls of 300 ms took ${step.elapsedMs} ms`);
    },
  },
  {
    name: "four threads go on and on while the fifth one's call waits",
    needs: ["threads"],
    async run({ open }) {
      const session = await open();
      session.start(
        "from concurrent.futures import ThreadPoolExecutor as Pool\ndef work(i):\n    return [echo((i, n)) for n in range(1 if i == 0 else 20)]\nwith Pool(5) as pool:\n    out = [len(r) for r in pool.map(work, range(5))]\nout",
      );
      const answered = await answerAllBut(session, 80);
      assert.equal(answered.served, 80);
      answer(session, answered.kept);
      assertValue((await untilDone(session)).execution, [1, 20, 20, 20, 20]);
    },
  },
  {
    name: "threads and coroutines call side by side",
    needs: ["threads"],
    async run({ open, run }) {
      const code =
        "import asyncio\nout = await asyncio.gather(asyncio.to_thread(slow, 100, 'thread'), slow.aio(50, 'task'), asyncio.to_thread(echo, 'quick'))\nout";
      assertValue((await run(await open(), code)).execution, ["thread", "task", "quick"]);
    },
  },
  {
    name: "a call of a thread that outlives its step is refused, and the host never sees it",
    needs: ["threads"],
    async run({ open, run }) {
      const session = await open();
      let calls = 0;
      const code =
        "import threading, time\nlate = []\ndef work():\n    time.sleep(0.15)\n    try:\n        late.append(echo(1))\n    except BaseException as e:\n        late.append('refused')\nt = threading.Thread(target=work, daemon=True)\nt.start()";
      const count = (): number => ++calls;
      await run(session, code, { tools: { echo: count } });
      await eventually(400, () => false);
      assertValue((await run(session, "t.join(1)\nlate", { tools: { echo: count } })).execution, ["refused"]);
      assert.equal(calls, 0);
    },
  },
]);

/** Serves calls until `count` of them are done, and keeps the first call of work item 0 waiting. */
async function answerAllBut(session: ExecutorSession, count: number): Promise<{ readonly served: number; readonly kept: SandboxCall | undefined }> {
  let served = 0;
  let kept: SandboxCall | undefined;
  while (served < count || kept === undefined) {
    const advance = await nextAdvance(session);
    if (advance.type === "done") throw new Error(`the step ended after ${served} answers: ${JSON.stringify(advance.execution.error)}`);
    for (const call of advance.calls) {
      const [item] = (call.args[0] as { items: readonly number[] }).items;
      if (item === 0) kept = call;
      else {
        answer(session, call);
        served++;
      }
    }
  }
  return { served, kept };
}

function answer(session: ExecutorSession, call: SandboxCall | undefined): void {
  assert.ok(call);
  session.deliver([{ id: call.id, value: call.args[0] ?? null }]);
}
