import assert from "node:assert/strict";
import type { ExecutorSession, SandboxCall } from "@codelet/core";
import { type ContractCase, gentle } from "../contract-case.ts";
import { nextAdvance, untilDone } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";
import { pause } from "../within.ts";
import { answer } from "./parallel-calls.ts";

/** Host calls of several threads. */
export const threadCallCases: readonly ContractCase[] = gentle([
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
      await pause(400);
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
