import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CodeletError } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { contractTools } from "../contract-tools.ts";
import { driveStep, nextCalls } from "../drive-step.ts";
import { assertOpens, assertValue } from "../ended-typed.ts";
import { hostDeathCase } from "../host-death.ts";
import { descendants, newDescendants, survivors } from "../host-processes.ts";
import { eventually, pause, within } from "../within.ts";
import { awaitSweepCases } from "./await-sweep.ts";

/** Slow executors get fewer sessions, unless the run is full. */
const sessionBudgetMs = 6_000;

const disposeCases: readonly ContractCase[] = [
  {
    name: "disposing twice, or at once, is fine",
    async run({ open, run }) {
      const session = await open();
      await run(session, "x = 1");
      await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
      await session[Symbol.asyncDispose]();
    },
  },
  {
    name: "any use after disposal throws configuration",
    async run({ open }) {
      const session = await open();
      await session[Symbol.asyncDispose]();
      await assertConfiguration(() => session.start("1"));
      await assertConfiguration(() => session.next());
      await assertConfiguration(() => session.bind({ variables: { x: 1 } }));
      if (session.snapshot !== undefined) await assertConfiguration(() => session.snapshot?.());
    },
  },
  {
    name: "a start during a step throws configuration, and the step goes on",
    async run({ open }) {
      const session = await open();
      session.start("echo(1) + 1");
      const [call] = await nextCalls(session, 1);
      await assertConfiguration(() => session.start("2"));
      session.deliver([{ id: call?.id ?? "", value: 1 }]);
      const advance = await within(5_000, "next()", session.next());
      assert.equal(advance.type === "done" && advance.execution.value, 2);
    },
  },
  {
    name: "binding during a step throws configuration",
    async run({ open }) {
      const session = await open();
      session.start("echo(1)");
      const [call] = await nextCalls(session, 1);
      await assertConfiguration(() => session.bind({ variables: { x: 1 } }));
      session.deliver([{ id: call?.id ?? "", value: 1 }]);
      await within(5_000, "next()", session.next());
    },
  },
  ...["while True: pass", "import time\ntime.sleep(60)", "echo(1)"].map(
    (code): ContractCase => ({
      name: `disposing during a step settles it and ends the sandbox (${JSON.stringify(code)})`,
      async run(context) {
        const before = descendants();
        const session = await context.open();
        session.start(code);
        const ended = settle(code === "echo(1)" ? nextCalls(session, 1).then(() => session.next()) : session.next());
        await pause(150);
        await within(5_000, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
        const error = await within(2_000, "next() of a disposed session", ended);
        assert.ok(error === undefined || CodeletError.isInstance(error), String(error));
        assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
      },
    }),
  ),
  {
    name: "a variable that can't cross is refused by bind and open, and the session goes on",
    async run({ open, run }) {
      const session = await open();
      const variables = { f: () => 1 } as never;
      for (const refused of [() => session.bind({ variables }), () => open({ variables })]) {
        const error = await settle((async () => void (await refused()))());
        assert.ok(error instanceof TypeError || CodeletError.isInstance(error), String(error));
      }
      assertValue((await run(session, "echo(3)")).execution, 3);
    },
  },
  {
    name: "wrong options of open are refused with configuration or TypeError, and leave nothing",
    async run(context) {
      const before = descendants();
      const [tool] = contractTools;
      for (const options of [
        { variables: { "not a name": 1 } },
        { tools: [{ ...tool, name: "not a name" }] },
        { restore: { executor: "no-such-executor", data: {} } },
      ]) {
        const error = await settle(context.open(options as never).then((session) => session[Symbol.asyncDispose]()));
        assert.ok(error instanceof TypeError || CodeletError.isInstance(error), `${JSON.stringify(Object.keys(options))}: ${String(error)}`);
      }
      assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
      await assertOpens(context);
    },
  },
];

const leakCases: readonly ContractCase[] = [
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

export const lifecycleCases: readonly ContractCase[] = [...disposeCases, ...awaitSweepCases, ...leakCases, hostDeathCase];

async function openAndClose(context: CaseContext, temporaryFolder: string): Promise<void> {
  const count = context.options.full ? 100 : Math.min(100, Math.max(5, Math.floor(sessionBudgetMs / (await openingMs(context)))));
  await cycle(context);
  await eventually(500, () => false);
  const before = { processes: descendants(), handles: process.getActiveResourcesInfo().length, descriptors: countDescriptors() };
  for (let session = 0; session < count; session++) await cycle(context);
  assert.deepEqual(await survivors(() => newDescendants(before.processes), 2_000), [], "processes");
  const isBack = await eventually(2_000, () => process.getActiveResourcesInfo().length <= before.handles && countDescriptors() <= before.descriptors);
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

/** What a promise rejects with, or undefined. */
function settle(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function assertConfiguration(use: () => unknown): Promise<void> {
  let error: unknown;
  try {
    await use();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(CodeletError.isInstance(error) && error.code === "configuration", `expected the code configuration, got ${String(error)}`);
}
