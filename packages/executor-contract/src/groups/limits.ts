import assert from "node:assert/strict";
import { CodeletError, type Opaque, pythonType } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { assertUsable, assertValue, endTyped, failTyped } from "../ended-typed.ts";
import { rssGrowth } from "../host-health.ts";
import { timeoutCases } from "./timeouts.ts";

const maxBombGrowthBytes = 64 * 1024 * 1024;

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
    name: "code that makes calls and reads no answers costs the session at most, not the host",
    async run(context) {
      const session = await context.open();
      const code = "import asyncio\nawait asyncio.sleep(0)\nwhile True:\n    echo.aio(1).send(None)";
      const end = await endTyped(context, session, code, { timeoutMs: 40_000, deadlineMs: 45_000 });
      // Answers that nobody reads are kept by the host: it must not wait for the code's time.
      assert.notEqual((end.error ?? end.execution.error)?.name, "TimeoutError");
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
