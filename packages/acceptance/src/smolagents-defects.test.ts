// What smolagents is known to do wrong, one behaviour each: here it does not happen.
import {
  type ActionStep,
  type AgentEvent,
  type AgentOptions,
  CodeAgent,
  type Executor,
  type Media,
  type ModelRequest,
  type PlainValue,
  type Run,
  type Step,
  ToolCallingAgent,
  tool,
} from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { local, wasm } from "./executors.ts";

const write = (code: string): string => `Thought: go\n<code>\n${code}\n</code>`;
const usage = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };
type Call = readonly [name: string, input: object, id?: string];
const calls = (...list: readonly Call[]) =>
  ({
    content: list.map(([name, input, id = ""]) => ({ type: "tool-call", id, name, input: input as never }) as const),
    usage,
    finishReason: "tool-calls",
  }) as const;
const answer = (value: unknown): Call => ["final_answer", { answer: value }];

/** Programs of the fake sandbox: `answer`, or anything else, which is printed. */
const fake = fakeExecutor(({ code, print, finalAnswer }) => {
  if (code === "answer") return finalAnswer(1);
  print(`did ${code}`);
  return null;
});
const echo = tool({
  name: "echo",
  description: "Echoes.",
  input: jsonSchema<{ value: PlainValue }>({ type: "object", properties: { value: {} } }),
  execute: ({ value }) => value,
});
const fail = tool({ name: "fail", description: "Fails.", input: z.object({}), execute: () => Promise.reject(new Error("no luck")) });

const coder = (
  programs: readonly string[],
  executor: Executor,
  options: Partial<AgentOptions> & { readonly stepTimeoutMs?: number } = {},
): CodeAgent => new CodeAgent({ model: scriptedModel(programs.map(write)), executor, tools: [echo], ...options });
const actionsOf = (steps: readonly Step[]): ActionStep[] => steps.filter((step) => step.type === "action");
async function eventsOf(run: Run<unknown>): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

describe.each([
  ["wasm", wasm],
  ["local", local],
] as const)("in the %s sandbox", (_, executor) => {
  // 1
  it("a step that takes too long is ended: it does nothing any more, and the run goes on", async () => {
    const notes: string[] = [];
    const note = tool({ name: "note", description: "Notes.", input: z.object({ text: z.string() }), execute: ({ text }) => notes.push(text) });
    const sleeping = 'import time\nnote(text="before")\ntime.sleep(600)\nnote(text="after")';
    const spinning = 'while True: pass\nnote(text="after")';
    const result = await coder([sleeping, spinning, "final_answer(1)"], executor, { tools: [note], stepTimeoutMs: 500 }).run("task");
    expect(result).toMatchObject({ state: "success", output: 1 });
    const [slept, spun] = actionsOf(result.steps);
    for (const step of [slept, spun]) expect(step?.observation).toContain("TimeoutError: the code ran out of time");
    expect([slept?.error?.code, spun?.error?.code]).toEqual(["code-failed", "code-failed"]);
    expect(notes).toEqual(["before"]);
  });

  // 9
  it("a run sees no variable, function or import of the run before it", async () => {
    const agent = coder(
      ["import json\nsecret = 42\nfinal_answer(secret)", 'final_answer([name in globals() for name in ["secret", "json"]])'],
      executor,
    );
    expect(await agent.run("one")).toMatchObject({ output: 42 });
    expect(await agent.run("two")).toMatchObject({ output: [false, false] });
  });

  // 13
  it("values cross as what they are, also those that look like the encoding of others", async () => {
    const lookalikes = [
      { __type__: "tuple", data: [1] },
      { $type: "set", items: [1] },
      { type: "bytes", value: "AA==" },
      { "codelet.python": "set", items: [] },
    ];
    const received: PlainValue[] = [];
    const keep = tool({
      name: "keep",
      description: "Keeps.",
      input: jsonSchema<{ value: PlainValue }>({ type: "object", properties: { value: {} }, required: ["value"] }),
      execute: ({ value }) => received.push(value),
    });
    const program = `
from decimal import Decimal
from datetime import datetime, timezone
for item in ${JSON.stringify(lookalikes)}:
    assert echo(value=item) == item, item
class Thing: pass
for item in [{1: "a", "b": 2}, (1, 2), {3}, b"\\x00\\xff", 2 ** 80, -0.0, 1e400, Decimal("1.10"), datetime(2026, 1, 2, tzinfo=timezone.utc), "\\ud83d\\ude00", None, Thing()]:
    keep(value=item)
final_answer(echo(value=["nested", {"deep": [None, True, 1.5]}]))`;
    const result = await coder([program], executor, { tools: [echo, keep] }).run("task");
    expect(result, JSON.stringify(actionsOf(result.steps).map(({ observation }) => observation))).toMatchObject({
      state: "success",
      output: ["nested", { deep: [null, true, 1.5] }],
    });
    expect(received).toHaveLength(12);
    expect(received.slice(0, 7)).toEqual([{ 1: "a", b: 2 }, [1, 2], [3], new Uint8Array([0, 255]), 2n ** 80n, -0, Number.POSITIVE_INFINITY]);
    expect(received.slice(7, 11)).toEqual(["1.10", expect.stringMatching(/^2026-01-02T00:00:00/), "😀", null]);
    expect(received[11]).toMatchObject({ repr: expect.stringContaining("Thing") });
  });

  // 16
  it("code may recurse as deep as Python lets it", async () => {
    const program = "def depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\nfinal_answer(depth(900))";
    const endless = "def forever(n):\n    return forever(n + 1)\nforever(0)";
    const result = await coder([endless, program], executor).run("task");
    expect(actionsOf(result.steps)[0]?.error?.name).toBe("RecursionError");
    expect(result).toMatchObject({ state: "success", output: 900 });
  });
});

describe("the events of a run", () => {
  // 2
  it("can be left at any time without an error, and the run ends", async () => {
    const run = coder(["a", "b", "answer"], fake).start("task");
    for await (const event of run) if (event.type === "step-end") break;
    expect(await run.result).toMatchObject({ state: "aborted" });
    expect(fake.openSessions).toBe(0);
  });

  // 3
  it("tell each step once, and the end at the limit of steps as the result does", async () => {
    const model = scriptedModel([write("a"), write("b"), "my best guess"]);
    const run = new CodeAgent({ model, executor: fake, maxSteps: 2 }).start("task");
    const events = await eventsOf(run);
    const result = await run.result;
    expect(events.flatMap((event) => (event.type === "step-end" ? [event.action.step] : []))).toEqual([1, 2]);
    expect(actionsOf(result.steps).map(({ step }) => step)).toEqual([1, 2]);
    expect(events.at(-1)).toMatchObject({ type: "run-end", state: "limit", output: "my best guess" });
    expect(result).toMatchObject({ state: "limit", limit: "steps", output: "my best guess" });
  });
});

describe("parallel calls", () => {
  const resultsOf = async (...list: readonly Call[]): Promise<readonly string[]> => {
    const model = scriptedModel([calls(...list), calls(answer(1))]);
    const result = await new ToolCallingAgent({ model, tools: [echo, fail] }).run("task");
    return actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content) ?? [];
  };

  // 4
  it("keep their results when one of them fails", async () => {
    expect(await resultsOf(["echo", { value: "a" }], ["fail", {}], ["echo", { value: "b" }])).toEqual(["a", "ToolError: no luck", "b"]);
  });

  // 5
  it("of one id are all made", async () => {
    expect(await resultsOf(["echo", { value: "a" }, "x"], ["echo", { value: "b" }, "x"])).toEqual(["a", "b"]);
  });

  // 6
  it("are shown in the order in which they were made, not in that of their ids as text", async () => {
    const ids = [8, 9, 10, 11];
    expect(await resultsOf(...ids.map((id): Call => ["echo", { value: `${id}` }, `call_${id}`]))).toEqual(["8", "9", "10", "11"]);
  });

  // 7
  it("beside a final answer are made, and the answer counts", async () => {
    const model = scriptedModel([calls(["echo", { value: "a" }], answer("done"))]);
    const result = await new ToolCallingAgent({ model, tools: [echo] }).run("task");
    expect(result).toMatchObject({ state: "success", output: "done" });
    expect(actionsOf(result.steps)[0]?.toolResults?.[0]).toMatchObject({ content: "a" });
  });

  // 8
  it("of one managed agent have a memory each, and what they spend is counted", async () => {
    const seen: string[] = [];
    const inner = async (request: ModelRequest) => {
      seen.push(JSON.stringify(request.messages));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return calls(answer(request.messages.length));
    };
    const helper = new ToolCallingAgent({ model: inner, name: "helper", description: "Helps." });
    const model = scriptedModel([calls(...["red", "green", "blue"].map((task): Call => ["helper", { task }])), calls(answer(1))]);
    const result = await new ToolCallingAgent({ model, managedAgents: [helper] }).run("task");
    expect(seen.map((prompt) => prompt.match(/---\\n(red|green|blue)/)?.[1])).toEqual(["red", "green", "blue"]);
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content)).toEqual(["2", "2", "2"]);
    expect(result.usage.input).toBe(50);
  });
});

describe("a run", () => {
  // 9
  it("knows no value by a name of the run before it", async () => {
    const picture: Media = { mediaType: "image/png", data: new Uint8Array([1]) };
    const draw = tool({ name: "draw", description: "Draws.", input: z.object({}), execute: () => picture });
    const model = scriptedModel([calls(["draw", {}]), calls(answer("image_1.png")), calls(answer("image_1.png"))]);
    const agent = new ToolCallingAgent({ model, tools: [draw] });
    expect(await agent.run("one")).toMatchObject({ output: picture });
    expect(await agent.run("two")).toMatchObject({ output: "image_1.png" });
  });

  // 10
  it("survives an overloaded provider, and waits for seconds, not minutes", async () => {
    const model = faultyModel(scriptedModel([write("answer")]), [{ call: 1, type: "error", status: 503 }]);
    const run = new CodeAgent({ model, executor: fake }).start("task");
    const retries = (await eventsOf(run)).flatMap((event) => (event.type === "model-retry" ? [event.delayMs] : []));
    expect(retries).toHaveLength(1);
    expect(retries[0]).toBeLessThan(5_000);
    expect(await run.result).toMatchObject({ state: "success" });
  });

  // 11
  it("is stopped in the middle of a call of the model", async () => {
    const model = faultyModel(scriptedModel([]), [{ call: 1, type: "hang" }]);
    const run = new CodeAgent({ model, executor: fake }).start("task");
    for await (const event of run) if (event.type === "step-start") void run.stop("enough");
    expect(await run.result).toMatchObject({ state: "aborted", reason: "enough" });
  });

  // 14
  it("tells the model of large values how they begin, not what they are", async () => {
    const model = scriptedModel([write("answer")]);
    const data = Array.from({ length: 5_000 }, (_, index) => index);
    const bare = scriptedModel([write("answer")]);
    await new CodeAgent({ model, executor: fake }).run("task", { additionalArgs: { data } });
    await new CodeAgent({ model: bare, executor: fake }).run("task");
    const sizeOf = ({ requests }: typeof model): number => JSON.stringify(requests[0]?.messages).length;
    expect(sizeOf(model) - sizeOf(bare)).toBeLessThan(400);
  });

  // 15
  it("has no unfilled places in its prompts", async () => {
    const helper = new CodeAgent({ model: scriptedModel([write("answer")]), executor: fake, name: "helper", description: "Helps." });
    const model = scriptedModel(["A plan.", write("a"), "A plan.", write("b"), "the end"]);
    const options = { model, executor: fake, managedAgents: [helper], planningInterval: 1, maxSteps: 2, instructions: "Be brief." };
    await new CodeAgent(options).run("task");
    const told = model.requests.map(({ messages }) =>
      messages.flatMap(({ role, content }) => (role === "assistant" ? [] : [String(content)])).join("\n"),
    );
    for (const text of told) expect(text).not.toMatch(/\{\{|\{\w+_\w+\}|undefined|\[object/);
    expect(told[0]).toContain("You have 2 steps left");
    expect(told[2]).toContain("You have 1 step left");
  });

  // 17
  it("shows each action once in the prompts that follow", async () => {
    const model = scriptedModel([write("first_of_all"), write("second"), write("answer")]);
    await new CodeAgent({ model, executor: fake }).run("task");
    const last = JSON.stringify(model.requests.at(-1)?.messages);
    expect(last.split("\\nfirst_of_all\\n")).toHaveLength(2);
    const native = scriptedModel([calls(["echo", { value: "first_of_all" }]), calls(answer(1))]);
    await new ToolCallingAgent({ model: native, tools: [echo] }).run("task");
    expect(JSON.stringify(native.requests.at(-1)?.messages).split('"value":"first_of_all"')).toHaveLength(2);
  });
});

describe("a copy of an agent", () => {
  // 12
  it("keeps every setting", async () => {
    const seen: string[] = [];
    const helper = new ToolCallingAgent({ model: scriptedModel([]), name: "helper", description: "Helps." });
    const price = (): number => 1;
    const original = new CodeAgent({
      ...{ model: scriptedModel([]), executor: fake, tools: [echo], managedAgents: [helper], name: "me", description: "Mine.", price },
      ...{
        instructions: "Be brief.",
        output: z.number(),
        maxSteps: 7,
        budget: { costUsd: 9, steps: 8 },
        planningInterval: 3,
        provideRunSummary: true,
        keepsMemory: true,
      },
      ...{ authorizedImports: ["numpy"], codeTags: "markdown", stepTimeoutMs: 1_234, promptTemplates: { plan: () => "MY PLAN" } },
      stepCallbacks: () => void seen.push("callback"),
      finalAnswerChecks: [() => seen.push("check") > 0],
      toolPolicy: () => "allow",
    });
    const model = scriptedModel(["A plan.", "```python\nanswer\n```"]);
    const copy = original.with({ model });
    expect(JSON.stringify(copy.definition)).toBe(JSON.stringify(original.definition));
    expect(await copy.run("task")).toMatchObject({ state: "success", output: 1, costUsd: 2 });
    expect(seen).toEqual(["check", "callback"]);
    const system = String(model.requests[0]?.messages[0]?.content);
    for (const part of ["Be brief.", "numpy", "```python", "helper", "echo", '"number"']) expect(system).toContain(part);
    expect(model.requests[0]?.messages.at(-1)?.content).toBe("MY PLAN");
  });
});
