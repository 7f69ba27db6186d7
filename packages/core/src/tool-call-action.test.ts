import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Message, type Model, type ModelRequest, noUsage } from "./model.ts";
import { actionsOf, add, agentOf, answer, call, expectValid, partsOf, resultsOf, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { Json } from "./value.ts";

describe("the request", () => {
  it("offers the tools and final_answer, and demands a call", async () => {
    const { agent, model } = agentOf([says(answer(1))], { output: z.number() });
    await agent.run("task");
    expect(model.requests[0]).toMatchObject({ toolChoice: "required", tools: [{ name: "add" }, { name: "fail" }, { name: "final_answer" }] });
    expect(model.requests[0]?.tools?.[2]?.inputSchema).toMatchObject({ properties: { answer: { type: "number" } }, required: ["answer"] });
  });

  it("shows a past action once, with reasoning and its signature, in a prompt whose beginning never changes", async () => {
    const reasoning = { type: "reasoning", text: "hm", signature: "proof" } as const;
    const { agent, model } = agentOf([says(reasoning, { type: "text", text: "I add." }, call("add", { a: 1, b: 2 }, "x")), says(answer(3))]);
    await agent.run("task");
    const [first, second] = model.requests.map(({ messages }) => messages);
    expect(second?.slice(0, first?.length)).toEqual(first);
    expect(second?.slice(first?.length)).toEqual([
      { role: "assistant", content: [reasoning, { type: "text", text: "I add." }, call("add", { a: 1, b: 2 }, "x")] },
      { role: "tool", content: [{ type: "tool-result", id: "x", name: "add", content: "3", isError: false }] },
    ]);
  });
});

describe("ids", () => {
  it("that are missing are made, each its own", async () => {
    const results = await resultsOf([call("add", { a: 1, b: 1 }), call("add", { a: 2, b: 2 })]);
    expect(results.map(({ content }) => content)).toEqual(["2", "4"]);
  });

  it("that are doubled are replaced, and every call runs", async () => {
    const results = await resultsOf([1, 2, 3].map((n) => call("add", { a: n, b: n }, "same")));
    expect(results.map(({ content }) => content)).toEqual(["2", "4", "6"]);
    expect(results[0]?.id).toBe("same");
  });

  it("that look like those that we make are left alone", async () => {
    const results = await resultsOf([call("add", { a: 1, b: 1 }, "call_1_2"), call("add", { a: 2, b: 2 }), call("add", { a: 3, b: 3 }, "call_1_1")]);
    expect(results.map(({ content }) => content)).toEqual(["2", "4", "6"]);
  });

  it("are unique in the whole prompt, also where a model counts anew in each answer", async () => {
    const { agent, model } = agentOf([
      says(call("add", { a: 1, b: 1 }, "call_0")),
      says(call("add", { a: 2, b: 2 }, "call_0")),
      says(call("final_answer", { answer: 4 }, "call_0")),
    ]);
    const first = await agent.run("task");
    expectValid(model.requests[2]?.messages ?? []);
    const again = agentOf([says(call("add", { a: 1, b: 1 }, "call_0")), says(call("final_answer", { answer: 4 }, "call_0"))]);
    await again.agent.run("more", { memory: first.steps });
    expectValid(again.model.requests[1]?.messages ?? []);
  });

  it("can't name a call of a managed agent, whose approval would count for both", async () => {
    const pay = tool({ name: "pay", description: "Pays.", input: z.object({ euros: z.number() }), needsApproval: true, execute: () => "paid" });
    const worker = agentOf([says(call("pay", { euros: 5 }, "b"))], { name: "worker", description: "Works.", tools: [pay] }).agent;
    const calls = [call("pay", { euros: 1_000 }, "a.worker/1/tool.b"), call("worker", { task: "pay" }, "a")];
    const result = await agentOf([says(...calls)], { tools: [pay], managedAgents: [worker] }).agent.run("task");
    expect(result).toMatchObject({ state: "suspended", pending: [{ input: { euros: 1_000 } }, { input: { euros: 5 } }] });
  });

  it("that no key should hold stay out of the keys of journals and services, each call having its own, and go back as they were", async () => {
    const keys: string[] = [];
    const spy = tool({ name: "spy", description: "Looks.", input: z.object({}), execute: (_, { idempotencyKey }) => keys.push(idempotencyKey) });
    const ids = ["plain", `call_1__thought__${"A".repeat(5_000)}`, "nul\u0000", "\ud800", "#2", "b".repeat(64)];
    const { agent, model } = agentOf([says(...ids.map((id) => call("spy", {}, id))), says(answer(1))], { tools: [spy] });
    await agent.run("task", { runId: "r" });
    expect(keys).toEqual(["plain", "#2", "#3", "#4", "#5", "b".repeat(64)].map((id) => `r/1/tool.${id}.spy`));
    expect(partsOf("tool-result", model.requests[1]?.messages.at(-1) as Message).map(({ id }) => id)).toEqual(ids);
  });

  it("are what the tool and the events are given", async () => {
    const seen: string[] = [];
    const spy = tool({ name: "spy", description: "Looks.", input: z.object({}), execute: (_, { callId }) => seen.push(callId) });
    const run = agentOf([says(call("spy", {}, "a"), call("spy", {}, "b")), says(answer(1))], { tools: [spy] }).agent.start("task");
    const events: string[] = [];
    for await (const event of run) if (event.type === "tool-call") events.push(event.callId);
    expect([...seen].sort()).toEqual(["a", "b"]);
    expect(events.sort()).toEqual(["a", "b"]);
  });
});

describe("parallel calls", () => {
  /** Ends as it is told, and counts how many run at once. */
  function gates(): { readonly wait: ReturnType<typeof tool>; open(name: string): void; readonly most: () => number; readonly started: string[] } {
    const opened: Record<string, PromiseWithResolvers<void>> = {};
    const gate = (name: string): PromiseWithResolvers<void> => {
      opened[name] ??= Promise.withResolvers();
      return opened[name];
    };
    const started: string[] = [];
    let running = 0;
    let most = 0;
    const wait = tool({
      name: "wait",
      description: "Waits.",
      input: z.object({ name: z.string() }),
      execute: async ({ name }) => {
        started.push(name);
        most = Math.max(most, ++running);
        await gate(name).promise;
        running--;
        return name;
      },
    });
    return { wait: wait as never, open: (name) => gate(name).resolve(), most: () => most, started };
  }

  it("have their results in the order of the calls, whatever their ids and ends", async () => {
    const { wait, open } = gates();
    const names = ["8", "9", "10", "11"];
    for (const [index, name] of names.toReversed().entries()) setTimeout(() => open(name), index * 2);
    const results = await resultsOf(
      names.map((name) => call("wait", { name }, `call_${name}`)),
      { tools: [wait] },
    );
    expect(results.map(({ id, content }) => [id, content])).toEqual(names.map((name) => [`call_${name}`, name]));
  });

  it("hand what a tool threw to the host, as the cause of the error", async () => {
    const run = agentOf([says(call("fail")), says(answer(1))]).agent.start("task");
    const causes: unknown[] = [];
    for await (const event of run) if (event.type === "tool-result") causes.push(event.cause);
    expect(causes).toMatchObject([{ code: "tool-failed", cause: { message: "no luck" } }]);
  });

  it("lose nothing when one of them fails", async () => {
    const results = await resultsOf([call("add", { a: 1, b: 1 }), call("fail"), call("add", { a: 2, b: 2 })]);
    expect(results.map(({ content, isError }) => [content, isError])).toEqual([
      ["2", false],
      ["ToolError: no luck", true],
      ["4", false],
    ]);
  });

  it.each([1, 2, 5])("run %d at a time", async (maxParallelCalls) => {
    const { wait, open, most, started } = gates();
    const names = Array.from({ length: 5 }, (_, index) => String(index));
    const done = resultsOf(
      names.map((name) => call("wait", { name })),
      { tools: [wait], maxParallelCalls },
    );
    for (const name of names) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      open(name);
    }
    expect((await done).map(({ content }) => content)).toEqual(names);
    expect(started).toEqual(names);
    expect(most()).toBe(maxParallelCalls);
  });

  it("keep the results that are there when the budget ends the run among them, and the last call has valid messages", async () => {
    const { agent, model } = agentOf([says(...[1, 2, 3].map((n) => call("add", { a: n, b: n }, `c${n}`))), "the last words"], {
      budget: { toolCalls: 2 },
      maxParallelCalls: 1,
    });
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "limit", limit: "toolCalls", text: "the last words" });
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content)).toEqual(["2", "4", "Not called: the run was stopped."]);
    expectValid(model.requests[1]?.messages ?? []);
    expect(model.requests[1]).toMatchObject({ toolChoice: "none", tools: { length: 3 } });
  });

  it("keep the results that are there when time is up", async () => {
    const hang = tool({ name: "hang", description: "Hangs.", input: z.object({}), execute: () => new Promise<never>(() => {}) });
    const { agent, model } = agentOf([says(call("add", { a: 1, b: 1 }), call("hang")), "out of time"], {
      tools: [add, hang],
      budget: { wallTimeMs: 50 },
    });
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "out of time" });
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content)).toEqual([
      "2",
      "LimitError: The limit of 50 wallTimeMs is reached (50).",
    ]);
    expectValid(model.requests[1]?.messages ?? []);
  });

  it("keep the results that are there when the run is aborted", async () => {
    const controller = new AbortController();
    const hang = tool({
      name: "hang",
      description: "Hangs.",
      input: z.object({}),
      execute: () => {
        setTimeout(() => controller.abort("enough"));
        return new Promise<never>(() => {});
      },
    });
    const { agent } = agentOf([says(call("add", { a: 1, b: 1 }), call("hang"))], { tools: [add, hang] });
    const result = await agent.run("task", { signal: controller.signal });
    expect(result).toMatchObject({ state: "aborted", reason: "enough" });
    expect(actionsOf(result.steps)[0]?.toolResults?.[0]).toMatchObject({ content: "2", isError: false });
  });
});

describe("calls in text", () => {
  it("are made as native ones are, and answered by messages that pair", async () => {
    const { agent, model } = agentOf([
      'I add.\n```json\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n```\n{"name": "add", "arguments": "{\\"a\\": 3, \\"b\\": 4}"}',
      'Then: {"function": {"name": "final_answer", "arguments": {"answer": 10}}}',
    ]);
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "success", output: 10 });
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content)).toEqual(["3", "7"]);
    expectValid(model.requests[1]?.messages ?? []);
    const shown = model.requests[1]?.messages.find(({ role }) => role === "assistant")?.content;
    expect(shown).toMatchObject([{ text: "I add." }, { type: "tool-call", name: "add" }, { type: "tool-call", name: "add" }]);
  });

  it("count for nothing beside native ones", async () => {
    const { agent } = agentOf([says({ type: "text", text: '{"name": "fail", "arguments": {}}' }, answer(1))]);
    expect(actionsOf((await agent.run("task")).steps)[0]?.toolResults).toHaveLength(1);
  });

  it("are asked for where an answer has none", async () => {
    const { agent, model } = agentOf(["The answer is 4.", says(answer(4))]);
    const result = await agent.run("task");
    expect(result).toMatchObject({ output: 4 });
    expect(model.requests[1]?.messages.slice(-2)).toMatchObject([
      { role: "assistant", content: "The answer is 4." },
      { role: "user", content: expect.stringContaining("final_answer") },
    ]);
  });
});

it.each([150, 10_000])("arguments that are nested %d levels deep are refused, and the conversation can be kept", async (levels) => {
  let deep: Json = 1;
  for (let level = 0; level < levels; level++) deep = [deep];
  const { agent } = agentOf([says(call("add", { a: deep, b: 1 })), says(call("final_answer", { answer: deep })), says(answer(1))]);
  const chat = agent.conversation();
  const result = await chat.run("task");
  expect(actionsOf(result.steps).map(({ observation, toolResults = [] }) => observation || toolResults[0]?.content)).toEqual([
    "ToolInputError: The arguments of add must be one JSON object. They were not valid JSON.",
    expect.stringContaining('The arguments of final_answer must be one JSON object: {"answer": …}.'),
    "Answer given.",
  ]);
  expect(await chat.save()).toMatchObject({ version: 1 });
});

describe("options", () => {
  it.each([0, -1, Number.NaN])("are refused at the door: maxParallelCalls of %d", (maxParallelCalls) => {
    expect(() => new ToolCallingAgent({ model: scriptedModel([]), maxParallelCalls })).toThrow(/Expected `maxParallelCalls` to be a number >= 1/);
  });
});

it("keeps pieces of reasoning apart that have a proof each", async () => {
  const prompts: ModelRequest[] = [];
  const model: Model = {
    id: "streaming",
    generate: () => Promise.reject(new Error("it streams")),
    async *stream(request) {
      prompts.push(request);
      for (const [text, signature] of [
        ["first", "S1"],
        ["second", "S2"],
      ] as const)
        yield { type: "reasoning", text, signature };
      yield prompts.length === 1 ? call("add", { a: 1, b: 2 }, "a") : answer(3);
      yield { type: "finish", usage: noUsage, finishReason: "tool-calls" };
    },
  };
  await new ToolCallingAgent({ model, tools: [add] }).run("task");
  const said = prompts[1]?.messages.find(({ role }) => role === "assistant") as Message;
  expect(partsOf("reasoning", said)).toEqual([
    { type: "reasoning", text: "first", signature: "S1" },
    { type: "reasoning", text: "second", signature: "S2" },
  ]);
});
