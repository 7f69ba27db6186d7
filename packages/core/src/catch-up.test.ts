import { type FakeHandler, fakeExecutor, scriptedModel } from "@codelet/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { CatchUpSession } from "./catch-up.ts";
import { CodeAgent } from "./code-agent.ts";
import { ExecutorCrashedError } from "./errors.ts";
import type { Advance, CallResult, Executor, ExecutorSession, SandboxCall } from "./executor.ts";
import { tool } from "./tool.ts";
import type { Value } from "./value.ts";

const action = (code: string): string => `<code>\n${code}\n</code>`;

/** The fake executor as one whose programs can run again, and what it ran. */
function repeatable(handler: FakeHandler): { executor: Executor; ran: string[] } {
  const ran: string[] = [];
  const fake = fakeExecutor((step) => {
    ran.push(step.code);
    return handler(step);
  });
  const { capabilities } = fake;
  return { executor: { ...fake, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: "pure" } } }, ran };
}

const payments = (): { paid: number[]; pay: ReturnType<typeof tool> } => {
  const paid: number[] = [];
  const pay = tool({
    name: "pay",
    description: "Pays.",
    input: z.object({ amount: z.number() }),
    needsApproval: true,
    execute: ({ amount }) => {
      paid.push(amount);
      return amount;
    },
  });
  return { paid, pay: pay as never };
};

async function suspendAndResume(agent: CodeAgent, decide: (id: string) => boolean = () => true): Promise<unknown> {
  const suspended = await agent.run("task");
  if (suspended.state !== "suspended") throw new Error(`it is not suspended but ${suspended.state}`);
  const decisions = Object.fromEntries(suspended.pending.map(({ id }) => [id, decide(id)]));
  return agent.resume(JSON.parse(JSON.stringify(suspended.resumeState)), { decisions });
}

it("runs earlier programs again, but none of a sandbox that had crashed", async () => {
  const { paid, pay } = payments();
  const { executor, ran } = repeatable(async ({ code, variables, call, finalAnswer }) => {
    if (code === "crash") throw new ExecutorCrashedError("gone");
    if (code === "set") variables.x = 7;
    if (code === "pay") return finalAnswer([variables.x as Value, await call("pay", [1])]);
    return null;
  });
  const replies = ["lost", "crash", "set", "pay"].map(action);
  const result = await suspendAndResume(new CodeAgent({ model: scriptedModel(replies), executor, tools: [pay] as never }));
  expect(result).toMatchObject({ state: "success", output: [7, 1] });
  expect(ran).toEqual(["lost", "crash", "set", "pay", "set", "pay"]);
  expect(paid).toEqual([1]);
});

it("waits for calls that need no decision before the run is left, and doesn't make them again", async () => {
  const { paid, pay } = payments();
  let looked = 0;
  const look = tool({
    name: "look",
    description: "Looks.",
    input: z.object({}),
    execute: async () => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      return ++looked;
    },
  });
  const { executor } = repeatable(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("pay", [1]), call("look", [])])));
  const result = await suspendAndResume(new CodeAgent({ model: scriptedModel([action("both")]), executor, tools: [pay, look] as never }));
  expect(result).toMatchObject({ state: "success", output: [1, 1] });
  expect([paid, looked]).toEqual([[1], 1]);
});

it("stops a program again that a limit had stopped while it waited for calls, in the sandbox of an agent that keeps its memory", async () => {
  const { paid, pay } = payments();
  const { executor, ran } = repeatable(async ({ code, variables, call, finalAnswer }) => {
    if (code === "pay") return finalAnswer([variables.x as Value, await call("pay", [1])]);
    variables.x = 7;
    await Promise.all([call("look", []), call("look", [])]);
    return null;
  });
  const look = tool({ name: "look", description: "Looks.", input: z.object({}), execute: () => "seen" });
  const model = scriptedModel([action("look"), "no more", action("pay")]);
  const about = { name: "worker", description: "Works.", keepsMemory: true };
  const worker = new CodeAgent({ ...about, model, executor, tools: [look, pay] as never, budget: { toolCalls: 1 } });
  const manager = scriptedModel(["look", "pay", "end"].map((task) => action(task)));
  const boss = repeatable(async ({ code, call, finalAnswer }) =>
    code === "end" ? finalAnswer("end") : String(await call("worker", [code])),
  ).executor;
  const result = await suspendAndResume(new CodeAgent({ model: manager, executor: boss, managedAgents: [worker] }));
  expect(result).toMatchObject({ state: "success", output: "end" });
  expect(JSON.stringify(result)).toContain("7,1");
  expect([paid, ran]).toEqual([[1], ["look", "pay", "look", "pay"]]);
});

it("makes no call where the program does something else when it runs again", async () => {
  const { paid, pay } = payments();
  let amount = 0;
  const { executor } = repeatable(async ({ code, call, finalAnswer }) =>
    code === "pay" ? finalAnswer(await call("pay", [++amount])) : finalAnswer("told"),
  );
  const model = scriptedModel([action("pay"), action("end")]);
  const result = await suspendAndResume(new CodeAgent({ model, executor, tools: [pay] as never }));
  expect(result).toMatchObject({ state: "success", output: "told" });
  expect(paid).toEqual([]);
  expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toMatch(
    /can't go on: run again from its beginning, it called pay.*2.*was not made/s,
  );
});

it("says so where programs can't run again", async () => {
  const { paid, pay } = payments();
  const executor = fakeExecutor(async ({ code, call, finalAnswer }) => (code === "pay" ? finalAnswer(await call("pay", [1])) : finalAnswer("told")));
  const model = scriptedModel([action("pay"), action("end")]);
  expect(await suspendAndResume(new CodeAgent({ model, executor, tools: [pay] as never }))).toMatchObject({ state: "success", output: "told" });
  expect(paid).toEqual([]);
  expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toMatch(
    /this executor can't repeat programs.*all variables, functions and imports are gone/s,
  );
});

it.each(["repeated", "found again"])("loses no result that comes while its program is %s", async (how) => {
  const { executor } = repeatable(() => null);
  const call: SandboxCall = { id: "1.1", tool: "look", args: [], kwargs: {} };
  const called: Advance = { type: "calls", calls: [call], cancelled: [] };
  for (let ticks = 0; ticks < 30; ticks++) {
    const delivered: CallResult[] = [];
    const advances = [called];
    const live = {
      start: () => {},
      next: async () => advances.shift() ?? new Promise<Advance>(() => {}),
      deliver: (results: readonly CallResult[]) => delivered.push(...results),
    } as unknown as ExecutorSession;
    const session = new CatchUpSession({ ...executor, open: async () => live }, {}, { restore: how === "repeated" ? undefined : ({} as never) });
    session.start("x");
    session.observe(called);
    void session.next();
    for (let tick = 0; tick < ticks; tick++) await undefined;
    session.deliver([{ id: "1.1", value: ticks }]);
    await session.ready();
    expect(delivered).toEqual([{ id: "1.1", value: ticks }]);
  }
});

it("hands out no call of a program that was found again that the journal knows, and answers each once it has come", async () => {
  const calls = [1, 2, 3].map((n): SandboxCall => ({ id: `1.${n}`, tool: "look", args: [n], kwargs: {} }));
  const called = (...those: readonly (SandboxCall | undefined)[]): Advance => ({
    type: "calls",
    calls: those.filter(Boolean) as SandboxCall[],
    cancelled: [],
  });
  const delivered: string[] = [];
  const comeOneByOne = calls.map((call) => called(call));
  const live = {
    resume: () => {},
    next: async () => comeOneByOne.shift() ?? new Promise<Advance>(() => {}),
    deliver: (results: readonly CallResult[]) => delivered.push(...results.map(({ id }) => `${id}, ${comeOneByOne.length} to come`)),
  } as unknown as ExecutorSession;
  const { executor } = repeatable(() => null);
  const session = new CatchUpSession({ ...executor, open: async () => live }, {}, { restore: {} as never });
  session.start("x");
  session.observe(called(calls[0], calls[1]));
  session.deliver([{ id: "1.2", value: 2 }]);
  expect(await session.next()).toEqual(called(calls[2]));
  session.deliver([{ id: "1.1", value: 1 }]);
  expect(delivered).toEqual(["1.2, 1 to come", "1.1, 0 to come"]);
});

it.each([false, true])("closes its sandbox also while the programs run again, of a run that is left: %s", async (isLeft) => {
  const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const fake = fakeExecutor(async ({ call }) => {
    await later(200);
    return call("pay", [1]);
  });
  const { capabilities } = fake;
  const executor = { ...fake, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, pinned: true, replay: "pure" as const } } };
  const session = new CatchUpSession(executor, { tools: [{ name: "pay", description: "Pays.", inputSchema: {} }] });
  session.start("pay");
  session.observe({ type: "calls", calls: [{ id: "1", tool: "pay", args: [1], kwargs: {} }], cancelled: [] });
  const next = session.next().catch((error: Error) => error.name);
  await later(20);
  expect(fake.openSessions).toBe(1);
  if (isLeft) expect(await session.detach()).toBeUndefined();
  await session[Symbol.asyncDispose]();
  expect(fake.openSessions).toBe(0);
  expect(await next).toBe("AbortError");
});

it.each(["gone", "found", "aborted"])("leaves no sandbox behind of a run that ends while its own is looked for and is %s", async (how) => {
  const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const fake = fakeExecutor(() => null);
  const { capabilities } = fake;
  const restored: boolean[] = [];
  const executor: Executor = {
    ...fake,
    capabilities: { ...capabilities, recovery: { pinned: true, snapshot: false, replay: "pure" } },
    open: async ({ restore, ...options } = {}) => {
      restored.push(restore !== undefined);
      await later(20);
      if (how === "gone") throw new ExecutorCrashedError("gone", { details: { sandbox: "gone" } });
      return fake.open(options);
    },
  };
  const controller = new AbortController();
  const session = new CatchUpSession(executor, { signal: controller.signal }, { restore: { executor: "fake", data: "left alive" } });
  session.start("x");
  session.observe({ type: "calls", calls: [], cancelled: [] });
  const next = session.next().catch((error: Error) => error.name);
  if (how === "aborted") controller.abort();
  await session[Symbol.asyncDispose]();
  expect(await next).toBe("AbortError");
  expect(fake.openSessions).toBe(0);
  expect([restored, fake.openedSessions]).toEqual(how === "gone" ? [[true], 0] : [how === "found" ? [true] : [true, true], 1]);
});

it("ends the live sandbox of a run that ends before it needed it, also by an abort, and not of one that is left again", async () => {
  const fake = fakeExecutor(() => null);
  const { capabilities } = fake;
  const restored: unknown[] = [];
  const executor: Executor = {
    ...fake,
    capabilities: { ...capabilities, recovery: { ...capabilities.recovery, pinned: true } },
    open: ({ restore, ...options } = {}) => {
      restored.push(restore);
      return fake.open(options);
    },
  };
  const restore = { executor: "fake", data: "left alive" };
  const ended = new CatchUpSession(executor, { signal: AbortSignal.abort() }, { restore });
  await ended[Symbol.asyncDispose]();
  await ended[Symbol.asyncDispose]();
  expect([restored, fake.openedSessions, fake.openSessions]).toEqual([[restore], 1, 0]);
  const cutShort = new CatchUpSession(executor, { signal: AbortSignal.abort() }, { restore });
  cutShort.start("x");
  await expect(cutShort.next()).rejects.toThrow();
  await cutShort[Symbol.asyncDispose]();
  expect([restored.length, fake.openedSessions, fake.openSessions]).toEqual([3, 2, 0]);
  const left = new CatchUpSession(executor, {}, { restore });
  expect(await left.detach()).toBe(restore);
  await left[Symbol.asyncDispose]();
  expect(fake.openedSessions).toBe(2);
});

it("gives the program after a loss the variables of its run, also where that is the next one of the conversation", async () => {
  const session = new CatchUpSession(
    fakeExecutor(({ variables }) => variables.y),
    {},
  );
  const lost = async (): Promise<Advance> => {
    const advance = await session.next();
    session.observe(advance);
    return advance;
  };
  session.start("pay");
  session.observe({ type: "calls", calls: [{ id: "1", tool: "pay", args: [1], kwargs: {} }], cancelled: [] });
  expect(await lost()).toMatchObject({ execution: { error: { name: "ProgramNotResumed" } } });
  await session.bind({ variables: { y: 7 } });
  session.start("y");
  expect(await session.next()).toMatchObject({ execution: { value: 7 } });
  await session[Symbol.asyncDispose]();
});

it("tells the program that needs it of a sandbox that could not be had to be saved", async () => {
  const fake = fakeExecutor(({ finalAnswer }) => finalAnswer(1));
  const recovery = { pinned: false, snapshot: "step", replay: "pure" } as const;
  const session = new CatchUpSession({ ...fake, capabilities: { ...fake.capabilities, recovery } }, {});
  session.start("pay");
  session.observe({ type: "calls", calls: [{ id: "1", tool: "pay", args: [1], kwargs: {} }], cancelled: [] });
  session.deliver([{ id: "1", value: 1 }]);
  session.observe({ type: "done", execution: { value: 1, logs: "", outputs: [], stateLost: false, durationMs: 0 } });
  expect([await session.snapshot(), fake.openSessions]).toEqual([undefined, 0]);
  session.start("next");
  expect(await session.next()).toMatchObject({ execution: { error: { name: "ProgramNotResumed" }, stateLost: true } });
  await session[Symbol.asyncDispose]();
});

it("is saved as it was before where nothing has needed it since", async () => {
  const restore = { executor: "fake", data: "saved" };
  const session = new CatchUpSession(
    fakeExecutor(() => null),
    {},
    { restore },
  );
  expect(await session.snapshot()).toBe(restore);
});
