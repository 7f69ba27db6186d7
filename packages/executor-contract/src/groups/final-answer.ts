import assert from "node:assert/strict";
import { type ContractCase, gentle } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";

/** The answer to the task: a frame of its own, which nothing that the code does afterwards takes back. */
export const finalAnswerCases: readonly ContractCase[] = gentle([
  {
    name: "final_answer ends the step with its value",
    async run({ open, run }) {
      const session = await open();
      const { execution } = await run(session, "final_answer('done')\nprint('after')");
      assert.deepEqual(execution.finalAnswer, { value: "done" });
      assert.equal(execution.logs, "");
      assert.equal(execution.error, undefined);
      assertValue((await run(session, "1 + 1")).execution, 2);
      assert.equal((await run(session, "1")).execution.finalAnswer, undefined);
    },
  },
  {
    name: "final_answer inside try and except BaseException is still final",
    async run({ open, run }) {
      const { execution } = await run(await open(), "try:\n    final_answer({'n': 1})\nexcept BaseException:\n    pass\n'not this'");
      assert.deepEqual({ ...(execution.finalAnswer?.value as object) }, { n: 1 });
    },
  },
  {
    name: "an answer stays when the code raises afterwards, and the first one counts",
    async run({ open, run }) {
      const { execution } = await run(await open(), "try:\n    final_answer(1)\nfinally:\n    raise ValueError('late')");
      assert.deepEqual(execution.finalAnswer, { value: 1 });
    },
  },
  {
    name: "an answer given in a function, a comprehension or a coroutine is final too",
    async run({ open, run }) {
      const session = await open();
      for (const code of [
        "def f():\n    final_answer(3)\nf()",
        "[final_answer(3) for _ in range(2)]",
        "async def g():\n    final_answer(3)\nawait g()",
        "final_answer(answer=3)",
      ]) {
        assert.deepEqual((await run(session, code)).execution.finalAnswer, { value: 3 }, code);
      }
    },
  },
  {
    name: "an answer that a thread gives ends the thread without a word, and the step goes on",
    needs: ["threads"],
    async run({ open, run }) {
      const work = "import threading\ndef work():\n    final_answer(3)\n";
      for (const start of ["t = threading.Thread(target=work)", "t = threading.Timer(0.01, work)"]) {
        const { execution } = await run(await open(), `${work}${start}\nt.start()\nt.join()\nprint('after')`);
        assert.deepEqual([execution.finalAnswer, execution.logs, execution.error], [{ value: 3 }, "after\n", undefined]);
      }
      const failed = await run(await open(), "import threading\nt = threading.Thread(target=lambda: 1/0)\nt.start()\nt.join()");
      assert.match(failed.execution.logs, /ZeroDivisionError/);
    },
  },
  {
    name: "an answer that a task gives ends the task without a word",
    async run({ open, run }) {
      const work =
        "import asyncio\nasync def work():\n    final_answer(3)\nasync def main():\n    asyncio.create_task(work())\n    await asyncio.sleep(0.01)\n";
      for (const start of ["await main()", "asyncio.run(main())"]) {
        const { execution } = await run(await open(), `${work}${start}\nimport gc\n_ = gc.collect()\nprint('after')`);
        assert.deepEqual([execution.finalAnswer, execution.logs, execution.error], [{ value: 3 }, "after\n", undefined]);
      }
    },
  },
  {
    name: "an answer that a task of a TaskGroup gives is no error",
    async run({ open, run, skip }) {
      const session = await open();
      const { execution } = await run(session, "import asyncio\nhasattr(asyncio, 'TaskGroup')");
      if (execution.value !== true) skip("this Python has no TaskGroup");
      const group =
        "async def g():\n    final_answer(3)\nasync with asyncio.TaskGroup() as group:\n    group.create_task(g())\n    group.create_task(other())";
      const answered = await run(session, `async def other():\n    await asyncio.sleep(10)\n${group}`);
      assert.deepEqual([answered.execution.finalAnswer, answered.execution.error], [{ value: 3 }, undefined]);
      const failed = await run(session, `async def other():\n    1/0\n${group}`);
      assert.match(failed.execution.error?.traceback ?? "", /ZeroDivisionError/);
    },
  },
]);
