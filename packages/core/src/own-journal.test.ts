import { type FakeHandler, fakeExecutor } from "@codelet/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { ExecuteOptions, Executor } from "./executor.ts";
import { type Journal, type JournalFactory, memoryJournal, Suspension } from "./journal.ts";
import type { Budget } from "./limits.ts";
import type { ActionStep } from "./memory.ts";
import { type Model, noUsage } from "./model.ts";
import { type Store, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { Json, Value } from "./value.ts";

const crash = new Error("the process is gone");

/** It fails for good before the work, or the entry, of that number. */
function failingJournal(store: Store, crashAt: number): JournalFactory {
  return storedJournal(store, crashAt, "work", crash);
}

/** Programs of three steps that share variables and call a tool, one after the other and side by side. */
const handler: FakeHandler = async ({ code, call, variables, finalAnswer }) => {
  if (code === "first") variables.a = await call("effect", [1]);
  if (code === "second") variables.b = await Promise.all([call("effect", [2]), call("effect", [3])]);
  if (code === "third") finalAnswer([variables.a as Value, variables.b as Value]);
  return null;
};

function repeatable(fake: Executor): Executor {
  const { capabilities } = fake;
  return { ...fake, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: "pure" } } };
}

/** A process: its model answers by how many answers there were before. */
function attempt(executor: Executor, journal: JournalFactory, effects: number[], budget: Budget = {}): CodeAgent {
  const model: Model = {
    id: "stateless",
    generate: async ({ messages }) => {
      const code = ["first", "second", "third"][messages.filter(({ role }) => role === "assistant").length] ?? "third";
      return { content: [{ type: "text", text: `<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" };
    },
  };
  const effect = tool({
    ...{ name: "effect", description: "Acts.", input: z.object({ n: z.int() }), output: z.int() },
    execute: ({ n }) => {
      effects.push(n);
      return n;
    },
  });
  return new CodeAgent({ model, executor, tools: [effect], journal, budget });
}

it("a run goes on from a journal of the user's, wherever its process died, and repeats no effect that the journal knows", async () => {
  const whole = new Map<string, string>();
  await attempt(fakeExecutor(handler), storedJournal(whole), []).run("task", { runId: "r" });
  for (let crashAt = 0; crashAt <= whole.size; crashAt++) {
    const fake = fakeExecutor(handler);
    const store = new Map<string, string>();
    const before: number[] = [];
    await attempt(repeatable(fake), failingJournal(store, crashAt), before)
      .run("task", { runId: "r" })
      .catch((error) => expect(error).toBe(crash));
    const known = [...store.keys()].filter((key) => key.includes("/tool.")).length;
    const after: number[] = [];
    const result = await attempt(repeatable(fake), storedJournal(store), after).run("task", { runId: "r" });
    expect(result, `after ${crashAt}`).toMatchObject({ state: "success", output: [1, [2, 3]] });
    expect(result.steps.flatMap((step) => (step.type === "action" ? [step.toolCalls.length] : []))).toEqual([1, 2, 0]);
    expect(after, `after ${crashAt}`).toHaveLength(3 - known);
    expect(new Set([...before, ...after])).toEqual(new Set([1, 2, 3]));
    expect(fake.openSessions).toBe(0);
  }
});

it("a run that its journal could not go on with once has no end in it, and ends later", async () => {
  const store = new Map<string, string>();
  let nowMs = 0;
  let isConnected = false;
  const journal: JournalFactory = (run) => {
    const stored = storedJournal(store)(run);
    const call: Journal["call"] = async (key, ...rest) => {
      if (!isConnected && key.includes("/tool.")) throw crash;
      return stored.call(key, ...rest);
    };
    const now = async (key: string): Promise<number> => {
      nowMs += store.has(key) ? 0 : 1_000;
      const known = store.get(key) ?? String(nowMs);
      store.set(key, known);
      return Number(known);
    };
    return { ...stored, call, now };
  };
  const begin = () => attempt(repeatable(fakeExecutor(handler)), journal, []).run("task", { runId: "r" });
  await expect(begin()).rejects.toBe(crash);
  expect([...store.keys()].at(-1)).toBe("1/advance.0");
  isConnected = true;
  expect(await begin()).toMatchObject({ state: "success", startedAtMs: 1_000, durationMs: nowMs - 1_000 });
});

it("a limit stops a program also where it was reached before the process died", async () => {
  for (let crashAt = 0; crashAt <= 20; crashAt++) {
    const fake = fakeExecutor(handler);
    const store = new Map<string, string>();
    const begin = (journal: JournalFactory) => attempt(repeatable(fake), journal, [], { toolCalls: 2 }).run("task", { runId: "r" });
    await begin(failingJournal(store, crashAt)).catch((error) => expect(error).toBe(crash));
    expect(await begin(storedJournal(store)), `after ${crashAt}`).toMatchObject({ state: "limit", limit: "toolCalls" });
    expect(fake.openSessions).toBe(0);
  }
});

it("a program that runs again reads the world as it had, also after its last call", async () => {
  let clock = 0;
  let read = 0;
  const fake = fakeExecutor(({ code, variables, finalAnswer }) => {
    if (code === "first") variables.a = read;
    if (code === "third") finalAnswer(variables.a as Value);
    return null;
  });
  const executor = repeatable({
    ...fake,
    async open(options) {
      const session = await fake.open(options);
      const [start, next] = [session.start.bind(session), session.next.bind(session)];
      return Object.assign(session, {
        start(code: string, { replay, ...more }: ExecuteOptions = {}) {
          read = Number(replay?.[0] ?? ++clock);
          start(code, more);
        },
        next: async () => ({ ...(await next()), readings: read }),
      });
    },
  });
  const store: Store = new Map();
  await expect(attempt(executor, failingJournal(store, 6), []).run("task", { runId: "r" })).rejects.toBe(crash);
  expect([store.has("1/end"), clock]).toEqual([true, 1]);
  expect(await attempt(executor, storedJournal(store), []).run("task", { runId: "r" })).toMatchObject({ output: 1 });
});

it("a program whose sandbox is gone is not run without its variables, and the model is told", async () => {
  const store = new Map<string, string>();
  const executor = fakeExecutor(handler);
  const died = attempt(executor, failingJournal(store, 8), []).run("task", { runId: "r" });
  await expect(died).rejects.toBe(crash);
  expect([...store.keys()].at(-1)).toBe("1/end");
  const result = await attempt(executor, storedJournal(store), []).run("task", { runId: "r" });
  const second = result.steps.find((step): step is ActionStep => step.type === "action" && step.step === 2);
  expect(second?.observation).toMatch(/did not run: its sandbox ended with the process.*variables/s);
});

it("a run that its journal knows fails at once where no sandbox can be opened, and the journal does not remember that", async () => {
  const store = new Map<string, string>();
  const fake = fakeExecutor(handler);
  const closed = { ...repeatable(fake), open: () => Promise.reject(new Error("no sandbox today")) };
  await expect(attempt(closed, storedJournal(store), []).run("task", { runId: "r" })).rejects.toThrow("no sandbox today");
  expect([...store.values()].join()).not.toContain("no sandbox");
  expect(await attempt(repeatable(fake), storedJournal(store), []).run("task", { runId: "r" })).toMatchObject({ state: "success" });
});

it("a run that its journal leaves to wait lets the other calls come to their end, closes its sandbox, and goes on once the decision is there", async () => {
  const done: string[] = [];
  const finishing = (name: string, needsApproval: boolean, milliseconds: number): ReturnType<typeof tool> =>
    tool({
      ...{ name, description: "Acts.", input: z.object({}), needsApproval },
      execute: async (_, { signal }) => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        signal.throwIfAborted();
        done.push(name);
        return name;
      },
    }) as never;
  const store = new Map<string, string>();
  const begin = (decision: Json | undefined) => {
    const fake = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("slow", []), call("pay", [])])));
    const { capabilities } = repeatable(fake);
    const executor = { ...fake, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, pinned: true } } };
    const journal: JournalFactory = (run) => ({
      ...storedJournal(store)(run),
      waitFor: async () => (decision === undefined ? Promise.reject(new Suspension("nobody has decided")) : (decision as never)),
    });
    const tools = [finishing("slow", false, 50), finishing("pay", true, 0)] as never;
    const agent = new CodeAgent({ model: async () => "<code>\ngo\n</code>", executor, tools, journal });
    return { fake, run: agent.start("task", { runId: "r" }) };
  };
  const left = begin(undefined);
  const ends: string[] = [];
  for await (const event of left.run) if (event.type === "run-end") ends.push(event.state);
  await expect(left.run.result).rejects.toThrow(Suspension);
  expect([ends, done, left.fake.openSessions]).toEqual([["suspended"], ["slow"], 0]);
  expect(await begin(true).run.result).toMatchObject({ state: "success", output: ["slow", "pay"] });
  expect(done).toEqual(["slow", "pay"]);
});

it("a run that its journal leaves takes that for the end of no call, whatever else goes on until it is left", async () => {
  const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const done: string[] = [];
  const acting = (name: string, milliseconds: number, needsApproval = false): ReturnType<typeof tool> =>
    tool({
      ...{ name, description: "Acts.", input: z.object({}), needsApproval },
      execute: () => later(milliseconds).then(() => done.push(name)),
    }) as never;
  const payer = new ToolCallingAgent({
    ...{ name: "payer", description: "Pays.", tools: [acting("pay", 0, true)] },
    model: async ({ messages }) => {
      const call = messages.length > 2 ? { id: "end", name: "final_answer", input: { answer: "paid" } } : { id: "pay", name: "pay", input: {} };
      return { content: [{ type: "tool-call", ...call }], usage: noUsage, finishReason: "stop" };
    },
  });
  const store = new Map<string, string>();
  const begin = (decisions: Record<string, Json>) => {
    const fake = fakeExecutor(async ({ call, finalAnswer }) => {
      const calls = [call("payer", ["Pay."]), call("buy", []), call("slow", [])];
      await later(20);
      await call("look", []);
      await Promise.all(calls);
      finalAnswer("done");
    });
    const journal: JournalFactory = (run) => {
      const at = (path: string, { child, ...rest }: Journal): Journal => ({
        ...rest,
        child: (key) => at(`${path}${key}/`, child(key)),
        waitFor: async (key) => (decisions[path + key] as never) ?? Promise.reject(new Suspension("nobody has decided")),
      });
      return at("", storedJournal(store)(run));
    };
    const tools = [acting("buy", 0, true), acting("slow", 60), acting("look", 0)];
    const options = { model: async () => "<code>\ngo\n</code>", executor: repeatable(fake), tools, managedAgents: [payer], journal };
    return new CodeAgent(options).start("task", { runId: "r" });
  };
  const left = begin({});
  const ids: string[] = [];
  const results: string[] = [];
  for await (const event of left) {
    if (event.type === "approval") ids.push(event.approval.id);
    if (event.type === "tool-result") results.push(event.tool);
  }
  await expect(left.result).rejects.toThrow(Suspension);
  expect([ids.length, results]).toEqual([2, ["slow"]]);
  const decisions = Object.fromEntries(ids.map((id) => [`${id}/approval`, true]));
  expect(await begin(decisions).result).toMatchObject({ state: "success", output: "done" });
  expect(done.sort()).toEqual(["buy", "look", "pay", "slow"]);
}, 2_000);

it("calls off with its run also the call that the journal knows to have settled first, and that goes on this time", async () => {
  const stopper = new AbortController();
  const wait = tool({
    ...{ name: "wait", description: "Waits.", input: z.object({}) },
    execute: () => {
      setTimeout(() => stopper.abort(), 5);
      return new Promise<null>(() => {});
    },
  });
  const journal: JournalFactory = (run) => ({ ...memoryJournal()(run), pick: async () => 1 });
  const executor = fakeExecutor(({ call }) => call("wait", []));
  const agent = new CodeAgent({ model: async () => "<code>\ngo\n</code>", executor, tools: [wait], journal });
  expect(await agent.run("task", { signal: stopper.signal })).toMatchObject({ state: "aborted" });
}, 2_000);

it("a managed agent that keeps its memory begins no other task while the run is left in the middle of one", async () => {
  const prompts: string[] = [];
  const pay = tool({ name: "pay", description: "Pays.", input: z.object({}), needsApproval: true, execute: () => "paid" });
  const payer = new ToolCallingAgent({
    ...{ name: "payer", description: "Pays.", tools: [pay], keepsMemory: true },
    model: async ({ messages }) => {
      prompts.push(messages.map(({ role }) => role).join(" "));
      const call =
        messages.at(-1)?.role === "tool" ? { id: "end", name: "final_answer", input: { answer: "paid" } } : { id: "pay", name: "pay", input: {} };
      return { content: [{ type: "tool-call", ...call }], usage: noUsage, finishReason: "stop" };
    },
  });
  const fake = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("payer", ["one"]), call("payer", ["two"])])));
  const leaving: JournalFactory = (run) => {
    const at = (journal: Journal): Journal => ({
      ...journal,
      child: (key) => at(journal.child(key)),
      waitFor: () => Promise.reject(new Suspension("wait")),
    });
    return at(memoryJournal()(run));
  };
  const agent = new CodeAgent({ model: async () => "<code>\ngo\n</code>", executor: repeatable(fake), managedAgents: [payer], journal: leaving });
  const run = agent.start("task");
  const told: string[] = [];
  for await (const { type, agentPath } of run) if (agentPath.length > 1 && type.startsWith("agent")) told.push(type);
  await expect(run.result).rejects.toThrow("wait");
  expect([prompts, told]).toEqual([["system user"], ["agent-start", "agent-end"]]);
});

it("a conversation is saved with its variables also after a run that its journal knew to the end, and repeats no effect", async () => {
  let variables: Record<string, Value> = {};
  const fake = fakeExecutor((step) => {
    variables = step.variables;
    return handler(step);
  });
  const recovery = { pinned: false, snapshot: "step", replay: "pure" } as const;
  const open: Executor["open"] = async (options) =>
    Object.assign(await fake.open(options), { snapshot: async () => ({ executor: "fake", data: { ...variables } as Json }) });
  const executor: Executor = { ...fake, capabilities: { ...fake.capabilities, recovery }, open };
  const store = new Map<string, string>();
  const effects: number[] = [];
  for (const process of ["that dies before it has saved", "that comes after it"]) {
    variables = {};
    const chat = attempt(executor, storedJournal(store), effects).conversation();
    expect(await chat.run("task", { runId: "r" }), process).toMatchObject({ state: "success" });
    expect(await chat.save(), process).toMatchObject({ sandbox: { data: { a: 1, b: [2, 3] } } });
    await chat[Symbol.asyncDispose]();
  }
  expect([effects, fake.openSessions]).toEqual([[1, 2, 3], 0]);
});
