import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { ExecutorCrashedError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { type JournalFactory, memoryJournal, Suspension } from "./journal.ts";
import type { ActionStep } from "./memory.ts";
import { type LiveProgram, liveSandboxes } from "./testing/live-sandboxes.ts";
import { programsInTurn } from "./testing/programs-in-turn.ts";
import { type Moment, type Store, standstill, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import type { Json, Value } from "./value.ts";

/** Programs that count in the sandbox, and call from several places at once. */
async function program({ code, variables, call }: LiveProgram): Promise<Value> {
  const count = (): void => {
    variables.x = Number(variables.x ?? 0) + 1;
  };
  const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  count();
  if (code === "loop") for (const n of [1, 2]) variables[`loop${n}`] = await call("effect", [n]);
  if (code === "both") {
    const pair = async (n: number): Promise<Value> => {
      const first = await call("effect", [n]);
      await later();
      return [first, await call("effect", [n + 10])];
    };
    variables.both = await Promise.all([pair(3), pair(4)]);
  }
  if (code === "long") await later();
  count();
  const { x = null, loop1 = null, loop2 = null, both = null } = variables;
  return code === "end" ? ["final", [x, loop1, loop2, both]] : null;
}

const codes = ["first", "loop", "both", "long", "end"];
const answer = [
  10,
  1,
  2,
  [
    [3, 13],
    [4, 14],
  ],
];

interface Process {
  readonly effects: string[];
  readonly codes?: readonly string[];
  readonly approve?: boolean;
  onEffect?(): void;
}

function agentOf(executor: Executor, journal: JournalFactory, { effects, codes: given = codes, approve = false, onEffect }: Process): CodeAgent {
  const effect = tool({
    ...{ name: "effect", description: "Acts.", input: z.object({ n: z.int() }), output: z.int(), needsApproval: approve },
    execute: async ({ n }, { idempotencyKey }) => {
      effects.push(idempotencyKey);
      onEffect?.();
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      return n;
    },
  });
  const model = programsInTurn(given);
  return new CodeAgent({ model, executor, tools: [effect] as never, journal });
}

const problems = (steps: readonly unknown[]): readonly string[] =>
  (steps as readonly ActionStep[]).flatMap(({ observation = "" }) => observation.match(/did not run: [^(]*\(.*\)|can't go on|SandboxCrashed/g) ?? []);

describe.each<Moment>(["work", "entry", "behind"])("a run whose process stops, at any entry of its journal, %s", (moment) => {
  it("goes on in the live sandbox: nothing that was done there is done again", { timeout: 60_000 }, async () => {
    const whole: Store = new Map();
    expect(await agentOf(liveSandboxes(program).executor, storedJournal(whole), { effects: [] }).run("task", { runId: "r" })).toMatchObject({
      output: answer,
    });
    for (let stopAt = 0; stopAt <= whole.size; stopAt++) {
      const { executor, sandboxes } = liveSandboxes(program);
      const store: Store = new Map();
      const before: string[] = [];
      void agentOf(executor, storedJournal(store, stopAt, moment), { effects: before }).run("task", { runId: "r" });
      await standstill(store, before);
      const known = [...store.keys()].filter((key) => key.includes("/tool."));
      const isKnown = store.has("sandbox.0");
      const hasEnded = store.has("end");
      const opened = sandboxes.length;
      const after: string[] = [];
      const result = await agentOf(executor, storedJournal(store), { effects: after }).run("task", { runId: "r" });
      expect([result, problems(result.steps)], `at ${stopAt}`).toMatchObject([{ state: "success", output: answer }, []]);
      expect(after.filter((key) => known.includes(key.slice(2)))).toEqual([]);
      expect(new Set([...before, ...after]).size).toBe(6);
      expect(sandboxes.length - opened).toBe(isKnown || hasEnded ? 0 : 1);
      if (!isKnown) continue;
      expect(sandboxes.map(({ isEnded, started }) => [isEnded, new Set(started).size, started.length])).toEqual([[true, 5, 5]]);
    }
  });
});

it("opens nothing and finds nothing where its end is recorded", async () => {
  const live = liveSandboxes(program);
  const store: Store = new Map();
  await agentOf(live.executor, storedJournal(store), { effects: [] }).run("task", { runId: "r" });
  let asked = 0;
  const counted: Executor = { ...live.executor, open: (options) => live.executor.open(options).finally(() => asked++) };
  const { size } = store;
  expect(await agentOf(counted, storedJournal(store), { effects: [] }).run("task", { runId: "r" })).toMatchObject({ output: answer });
  expect([store.size, asked]).toEqual([size, 0]);
});

it("leaves the sandbox alive where the journal leaves the run, for whoever goes on with it", async () => {
  for (const stopAt of [1, 2, 3, 5, 8, 12, 20]) {
    const { executor, sandboxes } = liveSandboxes(program);
    const store: Store = new Map();
    const lost = new Error("another process has the run");
    const left = agentOf(executor, storedJournal(store, stopAt, "entry", lost), { effects: [] }).run("task", { runId: "r" });
    await expect(left).rejects.toBe(lost);
    const isKnown = store.has("sandbox.0");
    expect(sandboxes.map(({ isEnded, isDetached }) => [isEnded, isDetached])).toEqual([[!isKnown, isKnown]]);
    const result = await agentOf(executor, storedJournal(store), { effects: [] }).run("task", { runId: "r" });
    expect([result, problems(result.steps)], `at ${stopAt}`).toMatchObject([{ output: answer }, []]);
    expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual(isKnown ? [true] : [true, true]);
  }
});

it("leaves it alive also where the run waits for a decision, and ends it where the run is given up then", async () => {
  for (const isGivenUp of [false, true]) {
    const { executor, sandboxes } = liveSandboxes(program);
    const store: Store = new Map();
    const begin = (decision: Json | undefined, signal?: AbortSignal) => {
      const journal: JournalFactory = (run) => ({
        ...storedJournal(store)(run),
        waitFor: async () => (decision === undefined ? Promise.reject(new Suspension("nobody has decided")) : (decision as never)),
      });
      return agentOf(executor, journal, { effects: [], approve: true }).run("task", { runId: "r", signal });
    };
    await expect(begin(undefined)).rejects.toThrow(Suspension);
    expect(sandboxes.map(({ isEnded, isDetached }) => [isEnded, isDetached])).toEqual([[false, true]]);
    const result = await begin(true, isGivenUp ? AbortSignal.abort() : undefined);
    expect(result).toMatchObject(isGivenUp ? { state: "aborted" } : { output: answer });
    expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([true]);
  }
});

it("ends it where the run was aborted: its program was stopped", async () => {
  const { executor, sandboxes } = liveSandboxes(program);
  const stopper = new AbortController();
  const store: Store = new Map();
  const lost = new Error("lost");
  const leaving: JournalFactory = (run) => {
    const kept = storedJournal(store)(run);
    return {
      ...kept,
      pick: (key, candidates) => kept.pick(key, candidates).then((first) => (stopper.signal.aborted ? Promise.reject(lost) : first)),
    };
  };
  const run = agentOf(executor, leaving, { effects: [], onEffect: () => stopper.abort() }).run("task", { runId: "r", signal: stopper.signal });
  await expect(run).rejects.toBe(lost);
  expect([store.has("sandbox.0"), sandboxes.map(({ isEnded }) => isEnded)]).toEqual([true, [true]]);
});

it("ends it where the journal can't do what it is asked for", async () => {
  const { executor, sandboxes } = liveSandboxes(program);
  const run = agentOf(executor, memoryJournal(), { effects: [], approve: true }).run("task");
  await expect(run).rejects.toMatchObject({ code: "configuration" });
  expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([true]);
});

it("remembers no opening that has failed: the next attempt has a key of its own, and is found again", async () => {
  const { executor, sandboxes } = liveSandboxes(program);
  const store: Store = new Map();
  const closed: Executor = { ...executor, open: () => Promise.reject(new Error("no sandbox today")) };
  await expect(agentOf(closed, storedJournal(store), { effects: [] }).run("task", { runId: "r" })).rejects.toThrow("no sandbox today");
  expect([...store.values()].join()).not.toContain("no sandbox");
  void agentOf(executor, storedJournal(store, store.size + 9), { effects: [] }).run("task", { runId: "r" });
  await standstill(store, []);
  expect(await agentOf(executor, storedJournal(store), { effects: [] }).run("task", { runId: "r" })).toMatchObject({ output: answer });
  expect([[...store.keys()].filter((key) => key.startsWith("sandbox")), sandboxes.length]).toEqual([["sandbox.0", "sandbox.1", "sandbox.1.end"], 1]);
});

/** Stops when the model has given the third action, or when that has begun, and returns what the next process has. */
async function goOnFrom(live: Live, moment: Moment, between: () => void, executor = live.executor) {
  const store: Store = new Map();
  const whole: Store = new Map();
  const given = ["first", "long", "long", "end"];
  await agentOf(liveSandboxes(program).executor, storedJournal(whole), { effects: [], codes: given }).run("task", { runId: "r" });
  const stopAt = [...whole.keys()].indexOf("3/model") + 1;
  void agentOf(live.executor, storedJournal(store, stopAt, moment), { effects: [], codes: given }).run("task", { runId: "r" });
  await standstill(store, []);
  between();
  const result = await agentOf(executor, storedJournal(store), { effects: [], codes: given }).run("task", { runId: "r" });
  return { ...result, store };
}

type Live = ReturnType<typeof liveSandboxes>;
type Session = Awaited<ReturnType<Executor["open"]>>;

/** The executor with sessions that say something else of what was started in them. */
const saying =
  (lastKey: string | undefined) =>
  ({ executor }: Live): Executor => ({ ...executor, open: async (open): Promise<Session> => ({ ...(await executor.open(open)), lastKey }) });

it.each<[string, (live: Live) => Executor]>([
  [
    "is gone",
    ({ executor, sandboxes }) => {
      for (const sandbox of sandboxes) sandbox.isEnded = true;
      return executor;
    },
  ],
  ["doesn't say what was started in it", saying(undefined)],
  ["is where it was before", saying("r/sandbox.0/1")],
])("tells the model where the sandbox %s, and goes on in a new one that the journal knows", async (_, changed) => {
  const live = liveSandboxes(program);
  let { executor } = live;
  const lazily: Executor = { ...executor, open: (open) => executor.open(open) };
  const change = (): void => {
    executor = changed(live);
  };
  const result = await goOnFrom(live, "behind", change, lazily);
  expect(problems(result.steps)).toEqual([expect.stringContaining("did not run")]);
  expect(result).toMatchObject({ output: [2, null, null, null] });
  expect(live.sandboxes.map(({ isEnded, started }) => [isEnded, started.length])).toEqual([
    [true, 2],
    [true, 1],
  ]);
  expect(JSON.parse(result.store.get("sandbox.1") ?? "")).toMatchObject({ value: { data: "box-1" } });
});

it("goes on where the sandbox has lost its interpreter between two programs, and says so", async () => {
  const live = liveSandboxes(program);
  const result = await goOnFrom(live, "behind", () => {
    for (const sandbox of live.sandboxes) sandbox.hasInterpreter = false;
  });
  expect(problems(result.steps)).toEqual([]);
  expect(JSON.stringify(result.steps)).toMatch(/all variables, functions and imports are gone/);
  expect(result).toMatchObject({ output: [4, null, null, null] });
  expect(live.sandboxes.map(({ isEnded, started }) => [isEnded, started.length])).toEqual([[true, 4]]);
});

it("goes on in a new one where it has lost its interpreter in the middle of a program", async () => {
  const live = liveSandboxes(program);
  const result = await goOnFrom(live, "entry", () => {
    for (const sandbox of live.sandboxes) sandbox.hasInterpreter = false;
  });
  expect(problems(result.steps)).toEqual([expect.stringContaining("its interpreter ended")]);
  expect(live.sandboxes.map(({ isEnded, started }) => [isEnded, started.length])).toEqual([
    [true, 3],
    [true, 1],
  ]);
});

it("finds the sandbox that has followed one that crashed, not the one that did", { timeout: 30_000 }, async () => {
  const given = ["first", "crash", "long", "end"];
  const crashing = () => {
    const live = liveSandboxes(program);
    const open: Executor["open"] = async (options) => {
      const session = await live.executor.open(options);
      let isCrashing = false;
      return {
        ...session,
        start(code, execute) {
          isCrashing = code === "crash";
          if (!isCrashing) session.start(code, execute);
        },
        next: () => (isCrashing ? Promise.reject(new ExecutorCrashedError("the way to it is lost")) : session.next()),
        // It can't be reached to be ended.
        [Symbol.asyncDispose]: async () => (isCrashing ? undefined : session[Symbol.asyncDispose]()),
      };
    };
    return { ...live, executor: { ...live.executor, open } };
  };
  const whole: Store = new Map();
  await agentOf(crashing().executor, storedJournal(whole), { effects: [], codes: given }).run("task", { runId: "r" });
  for (let stopAt = [...whole.keys()].indexOf("sandbox.1") + 1; stopAt < whole.size; stopAt++) {
    const { executor, sandboxes } = crashing();
    const store: Store = new Map();
    void agentOf(executor, storedJournal(store, stopAt, "entry"), { effects: [], codes: given }).run("task", { runId: "r" });
    await standstill(store, []);
    const result = await agentOf(executor, storedJournal(store), { effects: [], codes: given }).run("task", { runId: "r" });
    expect([result, problems(result.steps)], `at ${stopAt}`).toMatchObject([{ output: [4, null, null, null] }, ["SandboxCrashed"]]);
    expect(sandboxes.map(({ started }) => started.length)).toEqual([1, 2]);
  }
});

it("keeps no sandbox of a conversation whose run the journal leaves", async () => {
  const { executor, sandboxes } = liveSandboxes(program);
  const waiting: JournalFactory = (run) => ({ ...storedJournal(new Map())(run), waitFor: () => Promise.reject(new Suspension("wait")) });
  const chat = agentOf(executor, waiting, { effects: [], approve: true }).conversation();
  await expect(chat.run("task")).rejects.toThrow(Suspension);
  expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([true]);
});
