import { fakeExecutor } from "@codelet/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { JournalFactory } from "./journal.ts";
import type { Budget } from "./limits.ts";
import { type Model, type ModelResponse, noUsage } from "./model.ts";
import type { ToolPolicy } from "./policy.ts";
import { type Store, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Members answer in turns that they take side by side; `waits` says who is slow: another one in each process. */
interface Process {
  readonly journal: JournalFactory;
  readonly budget: Budget;
  readonly waits: Readonly<Record<string, number>>;
  readonly needsApproval?: boolean | undefined;
  readonly planningInterval?: number | undefined;
  readonly worked: string[];
}

function member(name: string, { waits, worked, needsApproval, planningInterval }: Process): ToolCallingAgent {
  const act = tool({
    ...{ name: "act", description: "Acts.", input: z.object({}), output: z.string() },
    execute: async () => {
      worked.push(`${name} acts`);
      return name;
    },
  });
  const model: Model = {
    id: "m",
    async generate({ messages }): Promise<ModelResponse> {
      worked.push(`${name} answers`);
      await later(waits[name] ?? 0);
      const answered = messages.filter(({ role }) => role === "assistant").length;
      const call = answered > 3 ? { name: "final_answer", input: { answer: name } } : { name: "act", input: {} };
      return { content: [{ type: "tool-call", id: `${answered}`, ...call }], usage: { ...noUsage, input: 10 }, finishReason: "tool-calls" };
    },
  };
  const options = { name, description: "Helps.", model, tools: [act], planningInterval };
  return new ToolCallingAgent({ ...options, ...(needsApproval && { toolPolicy: () => "allow" as const }) });
}

function begin(process: Process) {
  const executor = fakeExecutor(async ({ call, finalAnswer }) => {
    const answers = await Promise.all(["ann", "bob", "cyd"].map((name) => call(name, ["Go."])));
    finalAnswer(answers);
  });
  const { capabilities } = executor;
  const repeatable = { ...executor, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: "pure" as const } } };
  const managedAgents = ["ann", "bob", "cyd"].map((name) => member(name, process));
  const { journal, budget } = process;
  const agent = new CodeAgent({ model: async () => "<code>\ngo\n</code>", executor: repeatable, managedAgents, journal, budget });
  return agent.run("task", { runId: "r" });
}

it.each<readonly [string, Budget, Partial<Process>]>([
  ["answers", { modelCalls: 7 }, {}],
  ["tokens", { inputTokens: 50 }, {}],
  ["calls", { toolCalls: 6 }, {}],
  ["calls on which a policy decides", { toolCalls: 6 }, { needsApproval: true }],
  ["calls of agents alone", { toolCalls: 2 }, {}],
  ["steps", { steps: 6 }, {}],
  ["steps with plans", { steps: 6 }, { planningInterval: 2 }],
])(
  "a team that has spent its %s is gone through again to the same end, whoever of it is slower then, and does nothing more",
  async (_, budget, more) => {
    const store: Store = new Map();
    const worked: string[] = [];
    const first = await begin({ ...more, budget, journal: storedJournal(store), waits: { ann: 20, bob: 9, cyd: 1 }, worked });
    expect(first.state).toBe("limit");
    const size = store.size;
    for (const waits of [{}, { cyd: 9, bob: 1 }]) {
      const again: string[] = [];
      const second = await begin({ ...more, budget, journal: storedJournal(store), waits, worked: again });
      expect(again).toEqual([]);
      const { limit, text } = first as Extract<typeof first, { readonly state: "limit" }>;
      expect(second).toMatchObject({ state: "limit", limit, text, durationMs: first.durationMs });
      // A member that was stopped between two operations notes once where it is stopped now.
      for (const [key, entry] of [...store].slice(size)) expect(entry, key).toMatch(/^\d+$|^\{"error":/);
    }
  },
  4_000,
);

it("asks nobody about the call of an agent for which there was no room, also where there is some when it is gone through again", async () => {
  const store: Store = new Map();
  const outcomes: unknown[] = [];
  for (const ann of [20, 0]) {
    const worked: string[] = [];
    const process = { journal: storedJournal(store), budget: { toolCalls: 6 }, waits: { ann }, worked };
    const untilAllIsSpent = async (): Promise<void> => {
      while (worked.filter((work) => work === "ann acts").length < 4) await later(1);
    };
    const slow = tool({ ...{ name: "slow", description: "Waits.", input: z.object({}) }, execute: untilAllIsSpent });
    const executor = fakeExecutor(({ call }) => Promise.all([call("ann", ["Go."]), call("slow").then(() => call("bob", ["Go."]))]));
    const toolPolicy: ToolPolicy = ({ tool: name }) => {
      worked.push(`asked about ${name}`);
      return "allow";
    };
    const managedAgents = ["ann", "bob"].map((name) => member(name, process));
    const options = { model: async () => "<code>\ngo\n</code>", executor, managedAgents, tools: [slow], toolPolicy };
    const result = await new CodeAgent({ ...options, journal: process.journal, budget: process.budget }).run("task", { runId: "r" });
    outcomes.push([result.state, worked.includes("asked about ann"), worked.includes("asked about bob")]);
  }
  expect(outcomes).toEqual([
    ["limit", true, false],
    ["limit", false, false],
  ]);
}, 4_000);
