import { fakeExecutor } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RunResult } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
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
    ["by its wall time", "limit", { wallTimeMs: 150 }],
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
