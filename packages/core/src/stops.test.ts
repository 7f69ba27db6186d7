import { fakeExecutor } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RunResult } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
import { CodeletError, describeThrown } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { Budget } from "./limits.ts";
import { type ModelFunction, noUsage } from "./model.ts";
import { type Store, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const never = new Promise<never>(() => {});

interface Team {
  readonly journal: ReturnType<typeof storedJournal>;
  readonly budget?: Budget | undefined;
  /** Called with each question to a model and each call of a tool. */
  onWork(what: string): void;
}

type Begin = (team: Team) => CodeAgent<unknown> | ToolCallingAgent<unknown>;

/** Its program gives what it is told of its call as the answer, whatever that is. */
const executor = fakeExecutor(async ({ code, call, finalAnswer }) => {
  if (code === "end") return finalAnswer("went on");
  try {
    finalAnswer(await call(code, code === "member" ? { task: "go" } : {}));
  } catch (error) {
    finalAnswer(`heard: ${String(error)}`);
  }
  return null;
});

function codeAgent({ onWork, ...team }: Team, codes: readonly string[], more: object = {}): CodeAgent<unknown> {
  let asked = 0;
  const model: ModelFunction = async () => {
    onWork("model");
    const code = codes[asked++] ?? "end";
    return code === "wait" ? never : `<code>\n${code}\n</code>`;
  };
  return new CodeAgent({ ...team, model, executor, tools: [slow(onWork)], ...more });
}

function callingAgent({ onWork, ...team }: Team, name: string, more: object): ToolCallingAgent<unknown> {
  const model: ModelFunction = async ({ messages }) => {
    onWork("model");
    const isFirst = messages.every(({ role }) => role !== "assistant");
    const call = isFirst ? { name, input: { task: "go" } } : { name: "final_answer", input: { answer: "went on" } };
    return { content: [{ type: "tool-call", id: "1", ...call }], usage: noUsage, finishReason: "tool-calls" };
  };
  return new ToolCallingAgent({ ...team, model, ...more });
}

const slow = (onWork: Team["onWork"]) =>
  tool({
    ...{ name: "slow", description: "Waits.", input: z.object({}) },
    execute: (_, { signal }) => {
      onWork("tool");
      return new Promise<string>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });

const member = { name: "member", description: "Helps." };
const memberOf = (team: Team) => codeAgent({ journal: undefined as never, onWork: team.onWork }, ["slow"], member);

const kinds: readonly (readonly [string, Begin])[] = [
  ["while the model thinks", (team) => codeAgent(team, ["wait"])],
  ["while a tool works, whose error the program takes for an answer", (team) => codeAgent(team, ["slow"])],
  ["while an agent that a program called works", (team) => codeAgent(team, ["member"], { managedAgents: [memberOf(team)] })],
  ["while an agent that was called as a tool works", (team) => callingAgent(team, "member", { managedAgents: [memberOf(team)] })],
];

const endOf = ({ state, steps, ...result }: RunResult<unknown>) => ({ state, steps: steps.length, limit: "limit" in result && result.limit });

describe.each(kinds)("a run that was stopped %s", (_, make) => {
  it.each([
    ["by its caller", "aborted", {}],
    ["by its wall time", "limit", { wallTimeMs: 500 }],
  ] as const)("and is started again from its journal ends as it did, %s", async (_how, state, budget) => {
    const work: string[] = [];
    const store: Store = new Map();
    const begin = (stopAt?: number, signal?: AbortSignal) =>
      make({ journal: storedJournal(store, stopAt, "behind"), budget, onWork: (what) => work.push(what) }).run("task", { runId: "r", signal });
    const first = await begin(undefined, state === "aborted" ? AbortSignal.timeout(150) : undefined);
    expect(first.state).toBe(state);
    const done = [...work];
    expect(endOf(await begin())).toEqual(endOf(first));
    expect(work).toEqual(done);
  });
});

const asked: readonly (readonly [string, (ask: () => Promise<unknown>) => { readonly agent?: object; readonly run?: object }])[] = [
  ["a policy decides", (ask) => ({ agent: { toolPolicy: () => ask().then(() => "allow") } })],
  ["an approver decides", (ask) => ({ agent: { toolPolicy: () => "ask" }, run: { approve: () => ask().then(() => true) } })],
  ["a callback works", (ask) => ({ agent: { stepCallbacks: () => ask() } })],
  ["a check works", (ask) => ({ agent: { finalAnswerChecks: [() => ask().then(() => true)] } })],
];

describe.each(asked)("a run that was aborted while %s", (_, asking) => {
  it.each([
    ["code", true],
    ["code", false],
    ["tool calls", true],
    ["tool calls", false],
  ])("and is started again from its journal is stopped there, without a call: %s, from within: %s", { timeout: 5_000 }, async (kind, isWithin) => {
    const store: Store = new Map();
    const work: string[] = [];
    const begin = (signal?: AbortSignal, onAsk = (): void => {}) => {
      const ask = async (): Promise<void> => {
        work.push("ask");
        onAsk();
        await new Promise((resolve) => setTimeout(resolve, 20));
      };
      const { agent, run } = asking(ask);
      const quick = tool({ name: "quick", description: "Acts.", input: z.looseObject({}), execute: () => void work.push("act") });
      const team = { journal: storedJournal(store), onWork: (what: string) => work.push(what) };
      const made =
        kind === "code" ? codeAgent(team, ["quick", "end"], { tools: [quick], ...agent }) : callingAgent(team, "quick", { tools: [quick], ...agent });
      return made.run("task", { runId: "r", signal, ...run });
    };
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    expect(await begin(controller.signal, () => (isWithin ? abort() : setTimeout(abort, 5)))).toMatchObject({ state: "aborted" });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const done = [...work];
    expect(await begin()).toMatchObject({ state: "aborted" });
    expect(work).toEqual(done);
  });
});

it.each([
  ["a text", "The user has left.", { name: "Error", message: "The user has left." }],
  ["an error", new RangeError("Too late."), { name: "RangeError", message: "Too late." }],
  ["no reason", undefined, { name: "AbortError", message: expect.stringContaining("aborted") }],
  ["anything else", { why: () => "a function" }, { name: "AbortError", message: expect.stringContaining("aborted") }],
])("tells why it was aborted where it is started again: %s", async (_, reason, told) => {
  const store: Store = new Map();
  const controller = new AbortController();
  const onWork = (): void => controller.abort(reason);
  const begin = (signal?: AbortSignal) => codeAgent({ journal: storedJournal(store), onWork }, ["wait"]).run("task", { runId: "r", signal });
  expect(await begin(controller.signal)).toMatchObject({ state: "aborted", reason: reason ?? told });
  const again = await begin();
  expect([again, describeThrown("reason" in again && again.reason)]).toMatchObject([{ state: "aborted" }, told]);
  expect(typeof ("reason" in again && again.reason)).toBe(typeof reason === "string" ? "string" : "object");
});

const spending = (name: string, codes: readonly string[], tools: readonly object[], more: object) => {
  const usage = { ...noUsage, input: 10, output: 1 };
  const model: ModelFunction = async ({ messages }) => {
    const code = codes[messages.filter(({ role }) => role === "assistant").length] ?? "end";
    return { content: [{ type: "text", text: `<code>\n${code}\n</code>` }], usage, finishReason: "stop" };
  };
  return new CodeAgent({ name, description: "Helps.", model, executor: busy, tools: tools as never, ...more });
};

/** Calls all that its code names, at once. */
const busy = fakeExecutor(async ({ code, call, finalAnswer }) => {
  if (code === "end") return finalAnswer("ended");
  await Promise.all(code.split("+").map((name) => call(name, name.startsWith("member") ? { task: "go" } : {})));
  return null;
});

it.each([
  ["by its caller", "aborted", {}],
  ["by its wall time", "limit", { wallTimeMs: 500 }],
] as const)("tells what a team has spent, also beside what was stopped, where it is started again: %s", async (_how, state, budget) => {
  const store: Store = new Map();
  const begin = (signal?: AbortSignal) => {
    const tools = [slow(() => {}), saying(() => ({}), { name: "quick" })];
    const members = [spending("member_a", ["quick", "quick", "slow"], tools, {}), spending("member_b", ["quick", "quick+slow"], tools, {})];
    const team = { managedAgents: members, journal: storedJournal(store), budget, price: () => 0.1 };
    return spending("boss", ["quick", "member_a+member_b+slow"], tools, team).run("task", { runId: "r", signal });
  };
  const first = await begin(state === "aborted" ? AbortSignal.timeout(150) : undefined);
  expect(first).toMatchObject({ state, usage: { input: state === "limit" ? 80 : 70 } });
  const { usage, costUsd } = await begin();
  expect([usage, costUsd]).toEqual([first.usage, expect.closeTo(first.costUsd)]);
});

it("counts what it spends where it goes on after all, since it was aborted before it did anything", async () => {
  const store: Store = new Map();
  const begin = (signal?: AbortSignal) =>
    spending("boss", [], [], { journal: storedJournal(store), price: () => 0.5 }).run("task", { runId: "r", signal });
  expect(await begin(AbortSignal.abort())).toMatchObject({ state: "aborted", costUsd: 0 });
  for (let times = 0; times < 2; times++) expect(await begin()).toMatchObject({ state: "success", costUsd: 0.5, usage: { input: 10 } });
});

const sayings = { stop: "aborted" };

/** As of another copy of codelet. */
class OwnError extends CodeletError {
  override readonly name: string = "AbortError";
  readonly code = "aborted";
}

const throwing = (): never => {
  throw new OwnError("Not now.", { details: sayings });
};

const saying = (execute: () => object, more: object = {}) =>
  tool({ name: "slow", description: "Says it.", input: z.object({}), execute: async () => execute(), ...more });

const forging: Executor = {
  ...executor,
  async open(options) {
    const session = await executor.open(options);
    const next = session.next.bind(session);
    return Object.assign(session, { next: async () => ({ ...(await next()), ...sayings }) });
  },
};

it.each<[string, object, object]>([
  ["a tool gives it", { tools: [saying(() => sayings)] }, {}],
  ["an error of a tool has it", { tools: [saying(throwing)] }, {}],
  ["an approver gives it", { tools: [saying(() => ({}), { needsApproval: true })] }, { approve: () => ({ approve: true, ...sayings }) }],
  ["an error of a policy has it", { tools: [saying(() => ({}))], toolPolicy: throwing }, {}],
  ["an error of a check has it", { tools: [saying(() => sayings)], finalAnswerChecks: [(said: unknown) => said === "went on" || throwing()] }, {}],
  ["an executor gives it", { tools: [saying(() => sayings)], executor: forging }, {}],
])("a run is not stopped by what only looks as if it were: %s", async (_, more, options) => {
  const store: Store = new Map();
  const codes = ["slow", "end"];
  const begin = () => codeAgent({ journal: storedJournal(store), onWork: () => {} }, codes, more).run("task", { runId: "r", ...options });
  expect(await begin()).toMatchObject({ state: "success" });
  expect(await begin()).toMatchObject({ state: "success" });
});

const behindLimit = (codes: readonly string[], stepCallbacks: () => unknown) => {
  const store: Store = new Map();
  const begin = () => codeAgent({ journal: storedJournal(store), budget: { wallTimeMs: 60 }, onWork: () => {} }, codes, { stepCallbacks });
  return () => begin().run("task", { runId: "r" });
};

it("ends at its limit, also where that is reached while a callback works", async () => {
  const begin = behindLimit(["end"], () => never);
  expect(await begin()).toMatchObject({ state: "limit", limit: "wallTimeMs" });
  expect(await begin()).toMatchObject({ state: "limit", limit: "wallTimeMs" });
});

it("rejects with what a callback throws that was called behind the limit", async () => {
  const begin = behindLimit(["slow"], () => {
    throw new TypeError("mine");
  });
  await expect(begin()).rejects.toThrow("mine");
  await expect(begin()).rejects.toThrow("mine");
});
