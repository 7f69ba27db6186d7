import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CaseContext } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { contractTools } from "../contract-tools.ts";
import { driveStep } from "../drive-step.ts";
import { assertValue } from "../ended-typed.ts";
import { descendants, newDescendants, survivors } from "../host-processes.ts";
import { eventually, pause } from "../within.ts";

/** Slow executors get fewer sessions, unless the run is full. */
const sessionBudgetMs = 4_000;
const keptAliveMs = 12_000;

/** Many sessions, one after the other and side by side. */
export const leakCases: readonly ContractCase[] = [
  {
    name: "a hundred sessions leave no process, handle, descriptor or temporary file",
    timeoutMs: 180_000,
    async run(context) {
      const temporary = process.env.TMPDIR;
      const own = mkdtempSync(path.join(tmpdir(), "codelet-contract-"));
      process.env.TMPDIR = own;
      try {
        await openAndClose(context, own);
      } finally {
        if (temporary === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = temporary;
        rmSync(own, { recursive: true, force: true });
      }
    },
  },
  {
    name: "twenty sessions live side by side",
    async run(context) {
      const count = context.options.full ? 20 : Math.min(20, Math.max(3, Math.floor(sessionBudgetMs / 4 / (await openingMs(context)))));
      const sessions = await Promise.all(Array.from({ length: count }, () => context.open()));
      const steps = await Promise.all(sessions.map((session, index) => context.run(session, `mine = ${index}\necho(mine)`)));
      assert.deepEqual(
        steps.map(({ execution }) => execution.value),
        sessions.map((_, index) => index),
      );
      for (const [index, session] of sessions.entries()) assertValue((await context.run(session, "mine")).execution, index);
    },
  },
];

async function openAndClose(context: CaseContext, temporaryFolder: string): Promise<void> {
  const count = context.options.full ? 100 : Math.min(100, Math.max(5, Math.floor(sessionBudgetMs / (await openingMs(context)))));
  await cycle(context);
  await pause(500);
  const before = { processes: descendants(), handles: process.getActiveResourcesInfo().length, descriptors: countDescriptors() };
  for (let session = 0; session < count; session++) await cycle(context);
  assert.deepEqual(await survivors(() => newDescendants(before.processes), 2_000), [], "processes");
  // Connections that a client keeps for its next request are closed after some idle seconds: how many there are at once depends on chance.
  const isBack = await eventually(
    keptAliveMs,
    () => process.getActiveResourcesInfo().length <= before.handles && countDescriptors() <= before.descriptors,
  );
  assert.ok(
    isBack,
    `handles ${before.handles} → ${process.getActiveResourcesInfo().length}, descriptors ${before.descriptors} → ${countDescriptors()}`,
  );
  assert.deepEqual(readdirSync(temporaryFolder), [], "temporary files");
}

async function cycle({ executor }: CaseContext): Promise<void> {
  const session = await executor.open({ tools: contractTools });
  await driveStep(session, "x = echo(1)", { tools: { echo: () => 1 } });
  await session[Symbol.asyncDispose]();
}

async function openingMs(context: CaseContext): Promise<number> {
  const startedAt = performance.now();
  await cycle(context);
  return performance.now() - startedAt;
}

/** 0 where descriptors can't be counted. */
function countDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
