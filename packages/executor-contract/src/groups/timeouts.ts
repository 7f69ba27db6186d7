import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { assertError, assertStateIsTrue, assertValue } from "../ended-typed.ts";
import { pause } from "../within.ts";

/** What may pass between a timeout and the end of the step. */
const timeoutGraceMs = 500;

/** The code's own time, and what is said when it is over. */
export const timeoutCases: readonly ContractCase[] = [
  {
    name: "while True ends within its limit + 500 ms, and says truly whether state was lost",
    async run(context) {
      const session = await context.open();
      await context.run(session, "keep = 7");
      const step = await context.run(session, "while True: pass", { timeoutMs: 300 });
      assertError(step.execution, "TimeoutError");
      assert.ok(step.elapsedMs < 300 + timeoutGraceMs, `it took ${step.elapsedMs} ms`);
      assert.equal(step.execution.stateLost, false, "a plain loop can be interrupted with its state");
      await assertStateIsTrue(context, session, step.execution);
    },
  },
  {
    name: "time.sleep(60) ends within its limit + 500 ms, and says truly whether state was lost",
    async run(context) {
      const session = await context.open();
      await context.run(session, "keep = 7");
      const step = await context.run(session, "import time\ntime.sleep(60)", { timeoutMs: 300 });
      assertError(step.execution, "TimeoutError");
      assert.ok(step.elapsedMs < 300 + timeoutGraceMs, `it took ${step.elapsedMs} ms`);
      await assertStateIsTrue(context, session, step.execution);
    },
  },
  {
    name: "code that can't be interrupted is killed, and the loss is said",
    async run(context) {
      const session = await context.open();
      await context.run(session, "keep = 7");
      for (const code of ["9 ** 9 ** 9", "sum(range(10**13))", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"]) {
        const step = await context.run(session, code, { timeoutMs: 300 });
        assertError(step.execution, "TimeoutError");
        assert.ok(step.elapsedMs < 6_000, `${code} took ${step.elapsedMs} ms`);
        await assertStateIsTrue(context, session, step.execution);
        await context.run(session, "keep = 7");
      }
    },
  },
  {
    name: "time spent waiting for a host call isn't counted",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "slow(700, 'late')", { timeoutMs: 300 })).execution, "late");
      assertError((await run(session, "slow(400, 'late')\nwhile True: pass", { timeoutMs: 300 })).execution, "TimeoutError");
    },
  },
  {
    name: "each step has its own time",
    async run({ open, run }) {
      const session = await open();
      for (let step = 0; step < 3; step++) assertValue((await run(session, "import time\ntime.sleep(0.3)\n1", { timeoutMs: 600 })).execution, 1);
      await pause(300);
      assertValue((await run(session, "2", { timeoutMs: 300 })).execution, 2);
    },
  },
];
