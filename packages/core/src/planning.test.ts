import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent, type CodeAgentOptions } from "./code-agent.ts";
import type { AgentEvent } from "./events.ts";
import { type ModelRequest, type ModelResponse, noUsage } from "./model.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const executor = fakeExecutor(({ code, finalAnswer }) => (code.startsWith("answer") ? finalAnswer(1) : code));
const write = (code: string): string => `<code>\n${code}\n</code>`;
const lastOf = (request: ModelRequest | undefined): string => JSON.stringify(request?.messages.at(-1)?.content);

function planned(replies: readonly string[], options: Partial<CodeAgentOptions> = {}): { agent: CodeAgent; model: ReturnType<typeof scriptedModel> } {
  const model = scriptedModel(replies);
  return { model, agent: new CodeAgent({ model, executor, planningInterval: 2, ...options } as CodeAgentOptions) };
}

describe("a plan", () => {
  it("is made before the first step and renewed after every so many, and stands in the memory", async () => {
    const { agent, model } = planned(["Plan A", write("a"), write("b"), "Plan B", write("answer")]);
    const result = await agent.run("the task");
    expect(result.steps.map((step) => (step.type === "planning" ? step.plan : step.type))).toEqual([
      ...["system", "task", "Plan A", "action", "action", "Plan B", "action"],
    ]);
    expect(lastOf(model.requests[0])).toContain("Before you begin, write a plan");
    expect(lastOf(model.requests[3])).toContain("write a new plan");
    expect(JSON.stringify(model.requests[1]?.messages)).toContain("Plan A");
  });

  it("leaves the prompt's beginning as it is: the question is not remembered", async () => {
    const { agent, model } = planned(["Plan A", write("a"), write("b"), "Plan B", write("answer")]);
    await agent.run("the task");
    const prompts = model.requests.map(({ messages }) => JSON.stringify(messages));
    expect(prompts[2]?.startsWith(prompts[1]?.slice(0, -1) ?? "")).toBe(true);
    expect(prompts[4]?.startsWith(prompts[2]?.slice(0, -1) ?? "")).toBe(true);
    expect(prompts[4]).not.toContain("write a new plan");
  });

  it("is told how many steps are really left, by the nearest limit", async () => {
    const { agent, model } = planned(["Plan A", write("a"), write("b"), "Plan B", write("c"), "the end"], { maxSteps: 3 });
    await agent.run("task");
    expect(lastOf(model.requests[0])).toContain("You have 3 steps left.");
    expect(lastOf(model.requests[3])).toContain("You have 1 step left.");
    const tight = planned(["Plan A", write("answer")], { maxSteps: 9, budget: { steps: 4 } });
    await tight.agent.run("task");
    expect(lastOf(tight.model.requests[0])).toContain("You have 4 steps left.");
  });

  it("is an event of the step that it is made for, and counts as a call of the model", async () => {
    const usage = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };
    const model = scriptedModel(["Plan A", write("a"), write("b"), "Plan B", write("answer")], { usage });
    const run = new CodeAgent({ model, executor, planningInterval: 2 }).start("task");
    const events: AgentEvent[] = [];
    for await (const event of run) if (event.type === "plan") events.push(event);
    expect(events).toMatchObject([
      { step: 1, plan: { step: 1, plan: "Plan A", usage } },
      { step: 3, plan: { step: 3, plan: "Plan B" } },
    ]);
    expect((await run.result).usage.input).toBe(50);
  });

  it("is asked for by a template of one's own", async () => {
    const promptTemplates = {
      plan: ({ isFirst, remainingSteps, tools }: { isFirst: boolean; remainingSteps: number; tools: readonly string[] }, standard: string) =>
        `${isFirst ? "FIRST" : "NEXT"} ${remainingSteps} ${tools.length} ${standard.length > 0}`,
    };
    const { agent, model } = planned(["Plan A", write("a"), write("b"), "Plan B", write("answer")], { promptTemplates });
    await agent.run("task");
    expect([lastOf(model.requests[0]), lastOf(model.requests[3])]).toEqual(['"FIRST 20 0 true"', '"NEXT 18 0 true"']);
  });

  it("is a first one again for the next task of a conversation", async () => {
    const { agent, model } = planned(["Plan A", write("answer"), "Plan B", write("answer")]);
    const chat = agent.conversation();
    await chat.run("one");
    await chat.run("two");
    await chat[Symbol.asyncDispose]();
    expect(lastOf(model.requests[2])).toContain("Before you begin, write a plan");
  });

  it("is not made by calling tools, though an agent that calls them has to show them", async () => {
    const end: ModelResponse = {
      content: [{ type: "tool-call", id: "a", name: "final_answer", input: { answer: 1 } }],
      usage: noUsage,
      finishReason: "stop",
    };
    const model = scriptedModel(["Plan A", end]);
    expect(await new ToolCallingAgent({ model, planningInterval: 1 }).run("task")).toMatchObject({ state: "success" });
    expect(model.requests[0]).toMatchObject({ toolChoice: "none", tools: { length: 1 } });
  });

  it("ends the run where the budget doesn't allow it", async () => {
    const { agent } = planned(["Plan A", write("a"), write("b"), "the end"], { budget: { modelCalls: 3 } });
    expect(await agent.run("task")).toMatchObject({ state: "limit", limit: "modelCalls", text: "the end" });
  });
});
