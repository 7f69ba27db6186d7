import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { ActionStep } from "./memory.ts";
import type { ModelFunction, ModelRequest, ModelResponse } from "./model.ts";
import { eventsOf } from "./testing/code-agents.ts";
import { type Call, executor, kinds, make, seenIn, taskOf, textOfRequest, turn, usage, worker } from "./testing/teams.ts";
import { tool } from "./tool.ts";

describe.each(kinds)("a %s agent that manages a %s agent", (manager, kind) => {
  it("calls it like a tool, is given its answer as a value, and tells it nothing else", async () => {
    const inner = scriptedModel([turn[kind]([], { n: 4 })]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], 1)]);
    const team = make(manager, { model: outer, managedAgents: [worker(kind, inner, { output: z.object({ n: z.number() }) as never })] });
    const result = await team.run("the secret of the manager");
    expect(seenIn(result.steps[2] as ActionStep)).toContain('{"n":4}');
    expect(textOfRequest(inner.requests[0] as ModelRequest)).toContain("task-a");
    expect(textOfRequest(inner.requests[0] as ModelRequest)).not.toContain("secret");
    expect(result.steps).toHaveLength(4);
  });

  it("keeps three calls at once apart, each with a memory of its own", async () => {
    const seen: string[] = [];
    const note = tool({
      name: "note",
      description: "Notes.",
      input: z.object({ text: z.string() }),
      execute: async ({ text }) => {
        await new Promise((resolve) => setTimeout(resolve, text === "a" ? 10 : 1));
        return `noted ${text}`;
      },
    });
    const inner: ModelFunction = async (request) => {
      const text = textOfRequest(request);
      seen.push(text);
      const task = taskOf(request);
      return text.includes("noted")
        ? turn[kind]([], `${task} of ${[...new Set(text.match(/noted \w+/g))].join()}`)
        : turn[kind]([["note", { text: task }]]);
    };
    const calls = ["a", "b", "c"].map((name): Call => ["worker", { task: `task-${name}` }]);
    const outer = scriptedModel([turn[manager](calls), turn[manager]([], 1)], { usage });
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, inner, { tools: [note] })] }).run("go");
    expect(seenIn(result.steps[2] as ActionStep)).toMatch(/a of noted a.*b of noted b.*c of noted c/s);
    for (const text of seen) expect(new Set(text.match(/task-\w+/g))).toHaveProperty("size", 1);
    expect(result.usage).toEqual({ ...usage, input: 80, output: 8 });
  });

  it("can give it values", async () => {
    const inner = scriptedModel([turn[kind]([], "data")]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "sum", additional_args: { data: [1, 2, 3] } }]]), turn[manager]([], 1)]);
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, inner)] }).run("go");
    expect(seenIn(result.steps[2] as ActionStep)).toContain("[1,2,3]");
    expect(textOfRequest(inner.requests[0] as ModelRequest)).toContain("data (list of 3)");
  });

  it("remembers from call to call within one run when it keeps its memory, one call at a time, and begins anew in the next run", async () => {
    const prompts: string[] = [];
    const inner: ModelFunction = async (request) => {
      prompts.push(textOfRequest(request));
      await new Promise((resolve) => setTimeout(resolve, 2));
      return turn[kind]([], prompts.length);
    };
    const outer = async (request: ModelRequest): Promise<ModelResponse> =>
      request.messages.length > 2 ? turn[manager]([], 1) : turn[manager](["a", "b", "c"].map((name): Call => ["worker", { task: `task-${name}` }]));
    const team = make(manager, { model: outer, managedAgents: [worker(kind, inner, { keepsMemory: true })] });
    await team.run("go");
    await team.run("go");
    const tasks = prompts.map((prompt) => [...new Set(prompt.match(/task-[abc]/g))]);
    expect(tasks).toEqual([
      ["task-a"],
      ["task-a", "task-b"],
      ["task-a", "task-b", "task-c"],
      ["task-a"],
      ["task-a", "task-b"],
      ["task-a", "task-b", "task-c"],
    ]);
    expect(executor.openSessions).toBe(0);
  });

  it("adds a summary of its steps on request", async () => {
    const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: () => "a clear pong" });
    const inner = scriptedModel([turn[kind]([["ping", {}]]), turn[kind]([], "done")]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], 1)]);
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, inner, { tools: [ping], provideRunSummary: true })] }).run("go");
    const seen = seenIn(result.steps[2] as ActionStep);
    expect(seen).toContain('"answer":"done"');
    expect(seen).toContain("a clear pong");
    expect(seen).not.toContain("task-a");
  });

  it("is given an answer of None as any other", async () => {
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], "went on")]);
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, scriptedModel([turn[kind]([], null)]))] }).run("go");
    expect(seenIn(result.steps[2] as ActionStep)).not.toContain("ToolError");
  });

  it("is told of its failure as of a tool's, and goes on", async () => {
    const inner = scriptedModel([Object.assign(new Error("no"), { status: 401 })]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], "went on")]);
    const run = make(manager, { model: outer, managedAgents: [worker(kind, inner)] }).start("go");
    const events = await eventsOf(run);
    expect(await run.result).toMatchObject({ state: "success", output: "went on" });
    expect(seenIn((await run.result).steps[2] as ActionStep)).toContain("The agent worker failed");
    expect(events.filter(({ type }) => type === "agent-end")).toMatchObject([{ state: "failed" }]);
  });

  it("is given its last answer at its own limit, which is its own affair", async () => {
    const inner = scriptedModel([turn[kind]([]), { content: [{ type: "text", text: "half of it" }], usage, finishReason: "stop" }]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], "went on")]);
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, inner, { maxSteps: 1 })] }).run("go");
    expect(result).toMatchObject({ state: "success", output: "went on" });
    expect(seenIn(result.steps[2] as ActionStep)).toContain("half of it");
  });

  it("is given an answer of None at its limit, where its type allows it", async () => {
    const inner = scriptedModel([turn[kind]([]), { content: [{ type: "text", text: '{"answer": null}' }], usage, finishReason: "stop" }]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], "went on")]);
    const managed = worker(kind, inner, { maxSteps: 1, output: z.number().nullable() as never });
    const result = await make(manager, { model: outer, managedAgents: [managed] }).run("go");
    expect(seenIn(result.steps[2] as ActionStep)).not.toContain("ToolError");
  });

  it("is told its last words when they are not of the answer's type", async () => {
    const inner = scriptedModel([turn[kind]([]), { content: [{ type: "text", text: "about seven" }], usage, finishReason: "stop" }]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), turn[manager]([], "went on")]);
    const managed = worker(kind, inner, { maxSteps: 1, output: z.number() as never });
    const result = await make(manager, { model: outer, managedAgents: [managed] }).run("go");
    expect(seenIn(result.steps[2] as ActionStep)).toMatch(/ToolError: .*limit of steps.*about seven/);
  });

  it("ends with its budget wherever in the team it is spent, after one last call of its own", async () => {
    const inner: ModelFunction = async () => turn[kind]([]);
    const outer = scriptedModel([turn[manager]([["worker", { task: "task-a" }]]), "the end"], { usage });
    const run = make(manager, { model: outer, managedAgents: [worker(kind, inner)], budget: { steps: 4 } }).start("go");
    const events = await eventsOf(run);
    expect(await run.result).toMatchObject({ state: "limit", limit: "steps", text: "the end" });
    expect(outer.remaining).toBe(0);
    expect(events.filter(({ type }) => type === "step-end")).toHaveLength(4);
    expect(events.filter(({ type }) => type === "run-end")).toMatchObject([{ state: "limit" }]);
  });

  it("overspends with three at once by no more than the calls in flight", async () => {
    let calls = 0;
    const inner: ModelFunction = async () => {
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return turn[kind]([]);
    };
    const team = ["a", "b", "c"].map((name): Call => ["worker", { task: `task-${name}` }]);
    const outer = scriptedModel([turn[manager](team), "the end"], { usage });
    const result = await make(manager, { model: outer, managedAgents: [worker(kind, inner)], budget: { inputTokens: 60 } }).run("go");
    expect(result).toMatchObject({ state: "limit", limit: "inputTokens", text: "the end" });
    // The manager's first call and five of the team reach the limit; two more may be under way.
    expect(calls).toBeLessThanOrEqual(7);
    expect(result.usage.input).toBeGreaterThanOrEqual(70);
    expect(result.usage.input).toBeLessThanOrEqual((calls + 2) * 10);
    expect(executor.openSessions).toBe(0);
  });

  it("stops it with the run, keeps what was spent, and leaves no sandbox open", async () => {
    const controller = new AbortController();
    let asked = 0;
    const inner: ModelFunction = () => {
      if (++asked === 3) controller.abort("enough");
      return new Promise<never>(() => {});
    };
    const calls = ["a", "b", "c"].map((name): Call => ["worker", { task: `task-${name}` }]);
    const run = make(manager, { model: scriptedModel([turn[manager](calls)]), managedAgents: [worker(kind, inner)] }).start("go", {
      signal: controller.signal,
    });
    const events = await eventsOf(run);
    expect(await run.result).toMatchObject({ state: "aborted", reason: "enough", usage });
    expect(executor.openSessions).toBe(0);
    expect(events.filter(({ type }) => type === "agent-end")).toMatchObject([{ state: "aborted" }, { state: "aborted" }, { state: "aborted" }]);
    expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
    expect(events.at(-1)?.type).toBe("run-end");
  });
});
