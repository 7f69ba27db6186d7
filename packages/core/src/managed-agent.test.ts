import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AgentOptions } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
import type { AgentEvent } from "./events.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import type { ActionStep } from "./memory.ts";
import type { ModelFunction, ModelRequest, ModelResponse, Usage } from "./model.ts";
import type { Run } from "./run.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { Json, PlainValue, Value } from "./value.ts";

type Kind = "code" | "tool-calling";
type Call = readonly [name: string, input: Json];
const usage: Usage = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };

/** Programs of the fake executor are JSON: calls made side by side, then an answer, where `"$"` stands for their results. */
const executor = fakeExecutor(async ({ code, call, finalAnswer, variables }) => {
  const { calls = [], answer } = JSON.parse(code) as { calls?: Call[]; answer?: Json };
  const results = await Promise.all(calls.map(([name, input]) => call(name, input as Record<string, Value>)));
  if (answer === undefined) return results as Value;
  const named = typeof answer === "string" ? variables[answer] : undefined;
  return finalAnswer(answer === "$" ? (results as Value) : (named ?? (answer as Value)));
});

const turn = {
  code: (calls: readonly Call[], answer?: Json): ModelResponse => ({
    content: [{ type: "text", text: `<code>\n${JSON.stringify({ calls, answer })}\n</code>` }],
    usage,
    finishReason: "stop",
  }),
  "tool-calling": (calls: readonly Call[], answer?: Json): ModelResponse => ({
    content: [...calls, ...(answer === undefined ? [] : [["final_answer", { answer }] as const])].map(([name, input]) => ({
      type: "tool-call",
      id: "",
      name,
      input,
    })),
    usage,
    finishReason: "tool-calls",
  }),
};

type Options = Omit<AgentOptions<never>, "model"> & { readonly model: AgentOptions["model"] };
const make = (kind: Kind, options: Options): (CodeAgent<PlainValue> | ToolCallingAgent<PlainValue>) & ManagedAgent =>
  kind === "code" ? new CodeAgent({ executor, ...options } as never) : new ToolCallingAgent(options as never);
const worker = (kind: Kind, model: AgentOptions["model"], options: Partial<Options> = {}): ManagedAgent =>
  make(kind, { name: "worker", description: "Works.", model, ...options });

/** What the model was shown of a step's calls, in either kind. */
const seenIn = (step: ActionStep): string => [step.observation, ...(step.toolResults ?? []).map(({ content }) => content)].join("\n");
const textOfRequest = ({ messages }: ModelRequest): string => JSON.stringify(messages);
const taskOf = (request: ModelRequest): string => /task-(\w+)/.exec(textOfRequest(request))?.[1] ?? "";
async function eventsOf(run: Run<unknown>): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const kinds = (["code", "tool-calling"] as const).flatMap((manager) => (["code", "tool-calling"] as const).map((kind) => [manager, kind] as const));

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

describe("a team", () => {
  const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: (_, { agentPath }) => agentPath.join("/") });
  const level = (name: string, below: ManagedAgent[], calls: readonly Call[], kind: Kind = "code"): ManagedAgent =>
    make(kind, {
      name,
      description: "Works.",
      managedAgents: below,
      tools: [ping],
      model: scriptedModel([turn[kind](calls), turn[kind]([], `by ${name}`)]),
    });

  it("goes three levels deep, in one sequence of events with one terminal event", async () => {
    const third = level("third", [], [["ping", {}]]);
    const second = level("second", [third], [["third", { task: "down" }]], "tool-calling");
    const first = level("first", [second], [["second", { task: "down" }]]) as CodeAgent;
    const run = first.start("go");
    const events = await eventsOf(run);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(
      events.filter(({ type }) => /-start$|-end$/.test(type) && !/step|model/.test(type)).map(({ type, agentPath }) => [type, agentPath.join("/")]),
    ).toEqual([
      ["run-start", "first"],
      ["agent-start", "first/second"],
      ["agent-start", "first/second/third"],
      ["agent-end", "first/second/third"],
      ["agent-end", "first/second"],
      ["run-end", "first"],
    ]);
    const tasks = events.flatMap((event) => (event.type === "run-start" || event.type === "agent-start" ? [event.task] : []));
    expect(tasks).toEqual(["go", "down", "down"]);
    expect(events.find((event) => event.type === "tool-result" && event.tool === "ping")).toMatchObject({ value: "first/second/third" });
    expect(await run.result).toMatchObject({ state: "success", output: "by first", usage: { input: 60 } });
    expect(executor.openSessions).toBe(0);
  });

  it("is one definition: a hundred runs of it at once do not mix", async () => {
    const outer: ModelFunction = async (request) =>
      request.messages.length > 2
        ? turn.code([], (/by-\w+/.exec(textOfRequest(request)) ?? [""])[0])
        : turn.code([["worker", { task: `task-by-${taskOf(request)}` }]]);
    const inner: ModelFunction = async (request) => turn.code([], (/by-\w+/.exec(textOfRequest(request)) ?? [""])[0]);
    const team = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", inner)] });
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => team.run(`task-${index}`)));
    for (const [index, result] of results.entries()) expect(result).toMatchObject({ state: "success", output: `by-${index}` });
  });

  it("steps by hand by the manager's steps", async () => {
    const first = level("first", [level("second", [], [["ping", {}]])], [["second", { task: "down" }]]) as CodeAgent;
    const run = first.start("go");
    expect(await run.step()).toMatchObject({ step: 1, code: expect.stringContaining("second") });
    expect(await run.step()).toMatchObject({ step: 2, isFinal: true });
    expect(await run.step()).toBeUndefined();
  });

  it("does not join the texts of two agents that speak at once", async () => {
    const pieces = scriptedModel(Array.from({ length: 2 }, () => ["<code>\n", '{"answer":', "1}", "\n</code>"]));
    const outer = scriptedModel([
      turn.code([
        ["worker", { task: "x" }],
        ["worker", { task: "y" }],
      ]),
      turn.code([], 1),
    ]);
    const run = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", pieces)] }).start("go");
    await run.result;
    const texts = (await eventsOf(run)).flatMap((event) => (event.type === "model-delta" && event.agentPath.length > 1 ? [event] : []));
    const byAgent = Map.groupBy(texts, ({ agentPath }) => agentPath);
    expect([...byAgent.values()].map((events) => events.map(({ text }) => text).join(""))).toEqual(
      Array.from({ length: 2 }, () => '<code>\n{"answer":1}\n</code>'),
    );
  });

  it("obeys the policy of every manager, the outermost first, for the tools and agents below", async () => {
    const asked: string[] = [];
    const inner = scriptedModel([turn.code([["ping", {}]]), turn.code([], "done")]);
    const outer = scriptedModel([turn.code([["worker", { task: "x" }]]), turn.code([], 1)]);
    const toolPolicy = (who: string) => (call: { readonly tool: string; readonly agentPath: readonly string[] }) => {
      asked.push(`${who}: ${call.agentPath.join("/")} ${call.tool}`);
      return call.tool === "ping" && who === "outer" ? ({ deny: "no pings here" } as const) : "allow";
    };
    const managed = worker("code", inner, { tools: [ping], toolPolicy: toolPolicy("inner") });
    await new CodeAgent({ model: outer, executor, managedAgents: [managed], toolPolicy: toolPolicy("outer"), name: "boss" }).run("go");
    expect(asked).toEqual(["outer: boss worker", "outer: boss/worker ping"]);
    expect(textOfRequest(inner.requests[1] as ModelRequest)).toContain("no pings here");
  });

  it("gives answers of a schema that transforms as they were checked, once", async () => {
    const inner = scriptedModel([turn.code([], "four")]);
    const outer = scriptedModel([turn.code([["worker", { task: "x" }]]), turn.code([], 1)]);
    const output = z.string().transform((text) => text.length);
    const team = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", inner, { output: output as never })] });
    expect((await team.run("go")).steps[2]).toMatchObject({ observation: expect.stringContaining("[4]") });
  });

  it("hands a picture to a managed agent by its name", async () => {
    const image = { mediaType: "image/png", data: new Uint8Array([1, 2]) };
    const draw = tool({ name: "draw", description: "Draws.", input: z.object({}), execute: () => image });
    const inner = scriptedModel([turn["tool-calling"]([], "picture")]);
    const given = { task: "look", additional_args: { picture: "image_1.png" } };
    const outer = scriptedModel([
      turn["tool-calling"]([["draw", {}]]),
      turn["tool-calling"]([["worker", given]]),
      turn["tool-calling"]([], "image_2.png"),
    ]);
    const team = new ToolCallingAgent({ model: outer, tools: [draw], managedAgents: [worker("tool-calling", inner)] });
    expect(await team.run("go")).toMatchObject({ state: "success", output: image });
  });

  it.each<readonly [string, object]>([
    ["without a description", { description: undefined }],
    ["with its manager's name", { name: "agent" }],
    ["with a tool's name", { name: "ping" }],
  ])("refuses a member %s", (_, options) => {
    const model = scriptedModel([]);
    expect(() => new ToolCallingAgent({ model, tools: [ping], managedAgents: [worker("code", model, options)] })).toThrow(TypeError);
  });
});
