import { fakeExecutor } from "@codelet/testing";
import { expect, it } from "vitest";
import { type CatchUp, CatchUpSession } from "./catch-up.ts";
import { ExecutorCrashedError } from "./errors.ts";
import type { Advance, Executor } from "./executor.ts";
import { Sandbox } from "./sandbox.ts";

const restore = { executor: "fake", data: "left alive" };
const bringBack: CatchUp = (_path, executor, options) => new CatchUpSession(executor, options, { restore });

/** An executor whose sessions can be left alive, but whose programs can't run again; `found` counts how often the one left alive was. */
function pinned(): { executor: Executor; machine: { isAlive: boolean; found: number }; openSessions: () => number } {
  const machine = { isAlive: true, found: 0 };
  const fake = fakeExecutor(() => null);
  const { capabilities } = fake;
  const executor: Executor = {
    ...fake,
    capabilities: { ...capabilities, recovery: { pinned: true, snapshot: false, replay: false } },
    open: async ({ restore: reference, ...options } = {}) => {
      const session = await fake.open(options);
      if (reference === undefined) return session;
      const { isAlive } = machine;
      machine.isAlive = false; // whoever has it ends it
      if (!isAlive) await session[Symbol.asyncDispose]();
      if (!isAlive) throw new ExecutorCrashedError("It is gone.");
      machine.found++;
      return Object.assign(session, { bind: () => Promise.reject(new ExecutorCrashedError("It is gone.")) });
    },
  };
  return { executor, machine, openSessions: () => fake.openSessions };
}

async function errorIn(sandbox: Sandbox): Promise<unknown> {
  const session = await sandbox.session();
  session.start("x");
  const advance = await session.next();
  return advance.type === "done" ? advance.execution.error : "calls";
}

it("looks no more for a sandbox that was found again and has crashed, in a run or between two", async () => {
  for (const lose of [(sandbox: Sandbox) => sandbox.replace(), async (sandbox: Sandbox, next: CatchUp) => sandbox.continue({}, next)]) {
    const { executor, machine, openSessions } = pinned();
    // As of a run that is resumed: nothing any more once that goes on live.
    const untilFound: CatchUp = (...given) => (machine.found === 0 ? bringBack(...given) : undefined);
    const sandbox = new Sandbox(executor, "", {}, untilFound);
    expect([await errorIn(sandbox), machine.found]).toEqual([undefined, 1]);
    await lose(sandbox, untilFound);
    expect(await errorIn(sandbox)).toBeUndefined();
    await sandbox[Symbol.asyncDispose]();
    expect(openSessions()).toBe(0);
  }
});

it.each([
  ["keeps the sandbox that was left alive for the run that used it, after one that the journal knows to have lost its own", bringBack, true],
  ["ends the sandbox that was left alive where another run begins before it was needed", undefined, false],
  ["ends the sandbox that was left alive where the run that it was left by has ended without it", () => undefined, false],
] as const)("%s", async (_, ofTheRun, isKept) => {
  const { executor, machine, openSessions } = pinned();
  const sandbox = new Sandbox(executor, "", { signal: AbortSignal.abort() }, bringBack);
  await sandbox.session();
  sandbox.continue({}, ofTheRun);
  await sandbox.session();
  expect(machine.isAlive).toBe(isKept);
  expect([await errorIn(sandbox), machine.found, openSessions()]).toEqual([undefined, 1, 1]);
  await sandbox[Symbol.asyncDispose]();
  expect(openSessions()).toBe(0);
});

it("is not saved where a resumed run has ended before it was found, in the middle of a program", async () => {
  const { executor } = pinned();
  const saved = async (signal?: AbortSignal, ...advances: Advance[]): Promise<unknown> => {
    const sandbox = new Sandbox(executor, "", { signal }, bringBack);
    (await sandbox.session()).start("x");
    for (const advance of advances) sandbox.observe(advance);
    return sandbox.save();
  };
  const done: Advance = { type: "done", execution: { value: null, logs: "", outputs: [], stateLost: false, durationMs: 0 } };
  expect(await Promise.all([saved(), saved(undefined, done), saved(AbortSignal.abort(), done)])).toEqual([undefined, restore, undefined]);
});
