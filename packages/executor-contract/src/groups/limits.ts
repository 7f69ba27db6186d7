import assert from "node:assert/strict";
import { CodeletError, type Opaque, pythonType } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { assertError, assertStateIsTrue, assertUsable, assertValue, endTyped, failTyped } from "../ended-typed.ts";
import { rssGrowth } from "../host-health.ts";
import { pause } from "../within.ts";

/** What may pass between a timeout and the end of the step. */
const timeoutGraceMs = 500;
const maxBombGrowthBytes = 64 * 1024 * 1024;

const timeoutCases: readonly ContractCase[] = [
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

const sizeCases: readonly ContractCase[] = [
  ...tooMuch("a result nested 100,000 levels deep", "x = []\nfor _ in range(10**5):\n    x = [x]\n"),
  ...tooMuch("a result of three million parts", "x = list(range(3_000_000))\n"),
  ...tooMuch("a text of 128 MB", "x = 'x' * (1 << 27)\n"),
  {
    name: "a tool's result of 128 MB is a typed error, and the session goes on",
    async run(context) {
      const session = await context.open();
      await failTyped(context, session, "len(text_of(1 << 27))");
      await assertUsable(context, session);
    },
  },
  {
    name: "a hundred calls in one step are served, a hundred thousand are refused",
    async run(context) {
      const session = await context.open();
      assertValue((await context.run(session, "sum(echo(1) for _ in range(100))")).execution, 100);
      const error = await failTyped(context, session, "for i in range(100_000):\n    echo(i)", { timeoutMs: 20_000 });
      assert.notEqual(error.name, "TimeoutError");
      await assertUsable(context, session);
    },
  },
  {
    name: "thirty calls in flight are served, five thousand are refused",
    async run(context) {
      const session = await context.open();
      const code = (count: number): string => `import asyncio\nlen(await asyncio.gather(*[echo.aio(i) for i in range(${count})]))`;
      assertValue((await context.run(session, code(30))).execution, 30);
      await failTyped(context, session, code(5_000));
      await assertUsable(context, session);
    },
  },
  {
    name: "long code runs, and code beyond the limit is a typed refusal",
    async run(context) {
      const session = await context.open();
      assertValue((await context.run(session, `${"# a line of comment\n".repeat(10_000)}5`)).execution, 5);
      try {
        const end = await endTyped(context, session, `${"# a line of comment\n".repeat(1_000_000)}5`);
        assert.ok(end.error ?? end.execution.error, "20 MB of code ran");
      } catch (error) {
        assert.ok(error instanceof TypeError || CodeletError.isInstance(error), String(error));
      }
      await assertUsable(context, session);
    },
  },
];

const memoryCases: readonly ContractCase[] = [
  ...memoryBomb("one allocation of 64 GB", "x = bytearray(1 << 36)\nlen(x)"),
  ...memoryBomb("many of 1 MB", "chunks = []\nwhile True:\n    chunks.append(bytearray(1 << 20))"),
  ...memoryBomb("a text that doubles", "s = 'ab'\nwhile True:\n    s = s + s"),
  {
    name: "a memory bomb in a child process costs the session, not the host",
    needs: ["memoryLimit", "processes"],
    async run(context) {
      const session = await context.open();
      const bomb = "x = []\nwhile True: x.append(bytearray(1 << 20))";
      const code = `import subprocess, sys\nsubprocess.run([sys.executable, '-c', ${JSON.stringify(bomb)}], capture_output=True).returncode`;
      const end = await endTyped(context, session, code, { timeoutMs: 10_000 });
      assert.notEqual(end.execution?.value, 0);
      await assertUsable(context, session);
    },
  },
];

export const limitCases: readonly ContractCase[] = [...timeoutCases, ...sizeCases, ...memoryCases];

/** The same excess as a result, which may also be described instead, as an argument and as an answer. */
function tooMuch(what: string, make: string): readonly ContractCase[] {
  return [
    {
      name: `${what} is a typed error, and the executor is fine`,
      async run(context) {
        for (const use of ["x", "echo(x)", "final_answer(x)"]) {
          const session = await context.open();
          const end = await endTyped(context, session, `${make}${use}`);
          const isRefused = end.error !== undefined || end.execution.error !== undefined;
          const isDescribed = use === "x" && (end.execution?.value as Opaque | null)?.[pythonType] === "opaque";
          assert.ok(isRefused || isDescribed, `${use} went through`);
          await assertUsable(context, session);
          await session[Symbol.asyncDispose]();
        }
      },
    },
  ];
}

function memoryBomb(what: string, code: string): readonly ContractCase[] {
  return [
    {
      name: `a memory bomb (${what}) costs the session at most, not the host`,
      needs: ["memoryLimit"],
      async run(context) {
        const session = await context.open();
        await context.run(session, "keep = 7");
        const growth = rssGrowth();
        const end = await endTyped(context, session, code, { timeoutMs: 10_000 });
        assert.ok(end.error ?? end.execution.error, "the bomb went off without an error");
        assert.ok(growth() < maxBombGrowthBytes, `the host grew by ${growth()} bytes`);
        await assertUsable(context, session);
      },
    },
  ];
}
