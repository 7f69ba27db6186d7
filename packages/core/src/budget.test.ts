import { FakeClock, fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent, type CodeAgentOptions } from "./code-agent.ts";
import { ExecutorCrashedError } from "./errors.ts";
import { memoryJournal } from "./journal.ts";
import type { Budget } from "./limits.ts";
import { Ledger } from "./limits.ts";
import type { Compactor } from "./step-callbacks.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const usage = { input: 100, cacheRead: 0, cacheWrite: 0, output: 10, reasoning: 0 };
const price = ({ input, output }: typeof usage): number => input * 0.01 + output * 0.1;
const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: () => "pong" });
const executor = fakeExecutor(({ call }) => call("ping", []));
const program = "<code>\nping()\n</code>";
const calling = {
  content: [{ type: "tool-call", id: "", name: "ping", input: {} }],
  usage,
  finishReason: "tool-calls",
} as const;

const cases: readonly (readonly [keyof Budget, number, number])[] = [
  ["steps", 3, 3],
  ["modelCalls", 3, 3],
  ["inputTokens", 250, 3],
  ["outputTokens", 30, 3],
  ["costUsd", 5.5, 3],
  ["toolCalls", 2, 3],
];

describe.each(["code", "tool-calling"] as const)("the budget of a %s agent", (kind) => {
  const agentOf = (model: ReturnType<typeof scriptedModel>, budget: Budget): CodeAgent | ToolCallingAgent =>
    kind === "code"
      ? new CodeAgent({ model, executor, tools: [ping], budget, price })
      : new ToolCallingAgent({ model, tools: [ping], budget, price });

  it.each(cases)("of %s ends the run with that reason, after one last call", async (name, max, calls) => {
    const model = scriptedModel([...Array.from({ length: calls }, () => (kind === "code" ? program : calling)), "the last words", program], {
      usage,
    });
    const result = await agentOf(model, { [name]: max }).run("the task");
    expect(result).toMatchObject({ state: "limit", limit: name, text: "the last words", output: "the last words" });
    expect(model.remaining).toBe(1);
    expect(model.requests).toHaveLength(calls + 1);
    expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toContain(name);
    expect(result.usage.input).toBe((calls + 1) * 100);
    expect(result.costUsd).toBeCloseTo((calls + 1) * 2);
    expect(executor.openSessions).toBe(0);
  });

  it("that is not reached changes nothing", async () => {
    const end = kind === "code" ? program : calling;
    const model = scriptedModel([end, "the end"], { usage });
    const result = await agentOf(model, {
      steps: 1,
      modelCalls: 9,
      inputTokens: 9e9,
      outputTokens: 9e9,
      costUsd: 9e9,
      toolCalls: 9,
      wallTimeMs: 9e9,
    }).run("t");
    expect(result).toMatchObject({ state: "limit", limit: "steps" });
  });
});

describe("wall time", () => {
  it("is measured by the journal's clock, between steps too", async () => {
    const clock = new FakeClock();
    const model = scriptedModel([
      async () => {
        await clock.advance(600);
        return program;
      },
      async () => {
        await clock.advance(600);
        return program;
      },
      "the last words",
    ]);
    const journal = memoryJournal({ clock });
    const result = await new CodeAgent({ model, executor, tools: [ping], budget: { wallTimeMs: 1_000 }, journal }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "the last words", durationMs: 1_200 });
  });

  it("ends a model call that hangs, and the last call is made without it", async () => {
    const model = faultyModel(scriptedModel(["the last words"]), [{ call: 1, type: "hang" }]);
    const result = await new CodeAgent({ model, executor, budget: { wallTimeMs: 200 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "the last words" });
  });

  it("ends a wait for the next try", async () => {
    const model = faultyModel(scriptedModel(["the last words"]), [{ call: 1, type: "error", status: 503, retryAfterMs: 20_000 }]);
    const result = await new CodeAgent({ model, executor, budget: { wallTimeMs: 200 }, retry: { maxDelayMs: 60_000 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "the last words" });
  });
});

describe.each(["code", "tool-calling"] as const)("a call of a %s agent that a limit cuts short", (kind) => {
  const hang = tool({ name: "hang", description: "Hangs.", input: z.object({}), execute: () => new Promise<never>(() => {}) });
  const worker = new ToolCallingAgent({ name: "worker", description: "Goes on.", model: async () => calling, tools: [ping] });

  it.each([
    ["hang", {}, { tools: [hang], budget: { wallTimeMs: 50 } }],
    ["worker", { task: "work" }, { managedAgents: [worker], budget: { toolCalls: 3 } }],
  ] as const)("has a result, and is known to have been made: %s", async (name, input, options) => {
    const action = kind === "code" ? program : { ...calling, content: [{ ...calling.content[0], name, input }] };
    const model = scriptedModel([action, "the last words"]);
    const executor = fakeExecutor(({ call }) => call(name, input));
    const run = (kind === "code" ? new CodeAgent({ model, executor, ...options }) : new ToolCallingAgent({ model, ...options })).start("task");
    const told: string[] = [];
    for await (const event of run) if (event.type.startsWith("tool-") && event.agentPath.length === 1) told.push(event.type);
    const { steps, state } = await run.result;
    expect([state, told]).toEqual(["limit", ["tool-call", "tool-result"]]);
    const step = steps.find(({ type }) => type === "action");
    expect(step).toMatchObject({ toolCalls: [{ tool: name, error: { name: "LimitError" } }] });
    if (kind === "tool-calling") expect(step).toMatchObject({ toolResults: [{ content: expect.stringContaining("LimitError"), isError: true }] });
  });
});

describe("a compactor", () => {
  it.each<Budget>([{ modelCalls: 1 }, { inputTokens: 50 }, { wallTimeMs: 30 }])(
    "does not cost the last call when it may not ask any more: %o",
    async (budget) => {
      const compactor: Compactor = async ({ generate }) => void (await generate({ messages: [] }));
      const hanging = fakeExecutor(({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(null))));
      const model = scriptedModel(
        Array.from({ length: 4 }, () => program),
        { usage },
      );
      const result = await new CodeAgent({ model, executor: hanging, budget, compactor }).run("task");
      expect(result).toMatchObject({ state: "limit", limit: Object.keys(budget)[0], text: program });
    },
  );
});

describe("retries", () => {
  it("count as one call of the model, and their failures cost nothing", async () => {
    const model = faultyModel(scriptedModel([program, "the last words"], { usage }), [
      { call: 1, type: "error", status: 503 },
      { call: 2, type: "error", status: 429 },
    ]);
    const result = await new CodeAgent({ model, executor, tools: [ping], budget: { modelCalls: 1 }, retry: { firstDelayMs: 1 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "modelCalls", usage: { input: 200 } });
  });
});

describe("a cost that nobody can tell", () => {
  const model = { id: "mystery", generate: () => Promise.reject(new Error("never")) };
  const known = (_: unknown, modelId: string): number | undefined => (modelId === "known" ? 1 : undefined);
  const options = (more: object): CodeAgentOptions => ({ model, executor, budget: { costUsd: 1 }, ...more }) as CodeAgentOptions;

  it.each<readonly [string, object]>([
    ["without a price", {}],
    ["of a model that the prices don't have", { price: known }],
  ])("is refused at the door: %s", (_, more) => {
    expect(() => new CodeAgent(options(more))).toThrow(
      expect.objectContaining({ code: "configuration", message: expect.stringContaining("mystery") }),
    );
  });

  it("is refused also for a managed agent's model, unless that has a price of its own", () => {
    const managed = (more: object): CodeAgent =>
      new CodeAgent({ model, executor, name: "worker", description: "Works.", ...more } as CodeAgentOptions);
    const team = (more: object): CodeAgent =>
      new CodeAgent(options({ model: { ...model, id: "known" }, price: known, managedAgents: [managed(more)] }));
    expect(() => team({})).toThrow(/mystery/);
    expect(team({ price: () => 1 }).definition.managedAgents).toHaveLength(1);
  });
});

describe("the ledger", () => {
  it("adds up for managers what is spent below them, and each looks at its own limit", () => {
    const top = new Ledger({ inputTokens: 150 }, price);
    const middle = new Ledger({}, undefined, top);
    const low = new Ledger({ modelCalls: 5 }, undefined, middle);
    low.checkModelCall({ isLast: false });
    low.addUsage(usage, "m");
    middle.addUsage(usage, "m");
    expect([top.usage.input, middle.usage.input, low.usage.input]).toEqual([200, 200, 100]);
    expect([top.spent.costUsd, low.spent.costUsd]).toEqual([4, 2]);
    let thrown: unknown;
    try {
      low.checkModelCall({ isLast: false });
    } catch (error) {
      thrown = error;
    }
    expect([top, middle, low].map((ledger) => ledger.hasReached(thrown))).toEqual([true, false, false]);
  });

  it("says how much is left, by the nearest limit", () => {
    const top = new Ledger({ steps: 3 }, undefined);
    const low = new Ledger({ steps: 10 }, undefined, top);
    low.add({ steps: 1 });
    expect([top.left("steps"), low.left("steps"), low.left("toolCalls")]).toEqual([2, 2, Number.POSITIVE_INFINITY]);
  });
});

it("a limit that is reached in a program ends the run, also where the sandbox dies of being stopped", async () => {
  const dying = fakeExecutor(async ({ call }) => {
    await call("ping");
    await call("ping").catch((error) => {
      throw new ExecutorCrashedError("The machine is gone.", { cause: error });
    });
  });
  const model = scriptedModel([program, "the last words", program]);
  const result = await new CodeAgent({ model, executor: dying, tools: [ping], budget: { toolCalls: 1 } }).run("the task");
  expect(result).toMatchObject({ state: "limit", limit: "toolCalls", text: "the last words" });
  expect(model.remaining).toBe(1);
});
