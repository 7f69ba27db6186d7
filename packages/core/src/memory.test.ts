import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { type ActionStep, Memory, type PlanningStep, type Step } from "./memory.ts";
import { noUsage } from "./model.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const times = { usage: noUsage, startedAtMs: 0, durationMs: 0 };
const image = { type: "image", image: { mediaType: "image/png", data: new Uint8Array([1]) } } as const;

const system = { type: "system", prompt: "Be good." } as const;
const task = (text: string): Step => ({ type: "task", task: text, attachments: [] });
const planning: PlanningStep = { type: "planning", step: 1, plan: "First this.", ...times };
function action(step: number, more: Partial<ActionStep> = {}): ActionStep {
  const texts = { modelOutput: `output ${step}`, thought: "", code: `code ${step}`, observation: `seen ${step}` };
  return { type: "action", step, ...texts, outputs: [], toolCalls: [], isFinal: false, ...times, ...more };
}

const steps: readonly Step[] = [system, task("Do it."), planning, action(1), action(2)];
const texts = (memory: Memory): unknown[] => memory.toMessages().map(({ content }) => content);

describe("memory", () => {
  it("renders each step once, for its role", () => {
    expect(new Memory(steps).toMessages()).toEqual([
      { role: "system", content: "Be good." },
      { role: "user", content: "Do it." },
      { role: "assistant", content: "First this." },
      { role: "user", content: expect.stringContaining("carry out this plan") },
      { role: "assistant", content: "output 1" },
      { role: "user", content: "seen 1" },
      { role: "assistant", content: "output 2" },
      { role: "user", content: "seen 2" },
    ]);
  });

  it("shows pictures with the observation they belong to", () => {
    const memory = new Memory([action(1, { images: [image] })]);
    expect(memory.toMessages()[1]?.content).toEqual([{ type: "text", text: "seen 1" }, image]);
  });

  it("forgets the steps from an index on", () => {
    const memory = new Memory(steps);
    memory.truncate(3);
    expect(memory.steps).toEqual(steps.slice(0, 3));
    expect(texts(memory)).toHaveLength(4);
    memory.truncate(10);
    expect(memory.steps).toHaveLength(3);
    memory.add(action(9));
    expect(texts(memory).at(-1)).toBe("seen 9");
  });

  it("forgets steps and their messages alike, whatever the index is", () => {
    const memory = new Memory(steps);
    memory.truncate(steps.length / 2);
    expect(memory.steps).toHaveLength(2);
    expect(texts(memory)).toEqual(["Be good.", "Do it."]);
    for (const index of [-1, Number.NaN]) expect(() => memory.truncate(index)).toThrow("Expected `length` to be a number >= 0");
    expect(memory.steps).toHaveLength(2);
  });

  it("takes edits: steps dropped, changed, inserted", () => {
    const memory = new Memory(steps);
    memory.edit((all) => all.filter(({ type }) => type !== "planning"));
    expect(texts(memory)).toEqual(["Be good.", "Do it.", "output 1", "seen 1", "output 2", "seen 2"]);
    memory.edit((all) => all.map((step) => (step.type === "action" && step.step === 1 ? { ...step, observation: "short" } : step)));
    expect(texts(memory)).toEqual(["Be good.", "Do it.", "output 1", "short", "output 2", "seen 2"]);
    memory.edit((all) => [...all.slice(0, 2), task("Be quick."), ...all.slice(2)]);
    expect(texts(memory).slice(0, 4)).toEqual(["Be good.", "Do it.", "Be quick.", "output 1"]);
    expect(() => memory.edit((() => undefined) as never)).toThrow("Expected `what change returns` to be a list, got undefined");
  });

  it("keeps the messages before the first change as the same objects", () => {
    const memory = new Memory(steps);
    const before = memory.toMessages();
    memory.edit((all) => all.map((step) => (step.type === "action" && step.step === 2 ? { ...step, observation: "cut" } : step)));
    const after = memory.toMessages();
    for (let index = 0; index < 6; index++) expect(after[index]).toBe(before[index]);
    expect(after[7]).toMatchObject({ content: "cut" });
  });

  it("gives lists that later steps don't change", () => {
    const memory = new Memory(steps);
    const [messages, full] = [memory.toMessages(), memory.fullSteps()];
    memory.add(action(3));
    expect([messages.length, full.length]).toEqual([8, 5]);
  });

  it("summarises what happened for another reader", () => {
    const summary = new Memory([
      ...steps,
      action(3, { observation: "", toolResults: [{ type: "tool-result", id: "a", name: "add", content: "3" }] }),
    ]);
    expect(summary.toMessages({ summary: true })).toEqual([
      { role: "user", content: "Do it." },
      { role: "user", content: "seen 1" },
      { role: "user", content: "seen 2" },
      { role: "user", content: "add: 3" },
    ]);
  });

  it("gives steps with what was done and seen alone", () => {
    const toolResults = [{ type: "tool-result", id: "a", name: "add", content: "3" }] as const;
    const [, short] = new Memory([task("x"), action(1, { images: [image], toolResults, modelParts: [] })]).succinctSteps();
    expect(short).toMatchObject({ step: 1, code: "code 1", observation: "seen 1", toolResults });
    expect(short).not.toHaveProperty("images");
    expect(short).not.toHaveProperty("modelParts");
  });

  it("gives tasks without what is attached to them, and steps of other kinds as they are", () => {
    const attached: Step = { type: "task", task: "x", attachments: [image], untrusted: ["search"] };
    expect(new Memory([system, attached, planning]).succinctSteps()).toEqual([system, { type: "task", task: "x" }, planning]);
  });

  it.each([null, undefined])("says of %s that it is no step", (step) => {
    expect(() => new Memory([step as never])).toThrow(`Expected memory to be made of steps, as in \`result.steps\`, got ${step}`);
  });

  it("gives all programs as one", () => {
    expect(new Memory([...steps, action(3, { code: "" })]).fullCode()).toBe("code 1\n\ncode 2");
  });
});

describe("a run", () => {
  const executor = fakeExecutor(({ code, finalAnswer }) => (code.startsWith("answer") ? finalAnswer(1) : code));
  const write = (code: string): string => `<code>\n${code}\n</code>`;

  it("goes on from the memory of another agent, under its own system prompt", async () => {
    const first = await new CodeAgent({ model: scriptedModel([write("look"), write("answer")]), executor, instructions: "Of the first." }).run("one");
    const model = scriptedModel([
      { content: [{ type: "tool-call", id: "a", name: "final_answer", input: { answer: 2 } }], usage: noUsage, finishReason: "stop" },
    ]);
    const result = await new ToolCallingAgent({ model, instructions: "Of the second." }).run("two", { memory: first.steps });
    const prompt = JSON.stringify(model.requests[0]?.messages);
    for (const part of ["Of the second.", "New task:\\none", "look", "New task:\\ntwo"]) expect(prompt).toContain(part);
    expect(prompt).not.toContain("Of the first.");
    expect(model.requests[0]?.messages.filter(({ role }) => role === "system")).toHaveLength(1);
    expect(result.steps.filter(({ type }) => type === "task")).toHaveLength(2);
    expect(first.steps).toHaveLength(4);
  });

  it("takes a Memory too, and leaves it as it was", async () => {
    const memory = new Memory(steps);
    await new CodeAgent({ model: scriptedModel([write("answer")]), executor }).run("two", { memory });
    expect(memory.steps).toEqual(steps);
  });

  it("of a conversation has its own steps in its result, also after the next one", async () => {
    const chat = new CodeAgent({ model: scriptedModel([write("answer"), write("look"), write("answer")]), executor }).conversation();
    const first = await chat.run("one");
    const second = await chat.run("two");
    expect([first.steps.length, second.steps.length]).toEqual([3, 6]);
    await chat[Symbol.asyncDispose]();
    expect(executor.openSessions).toBe(0);
  });

  it.each([0, Number.NaN, -1])("refuses a limit of %d steps", async (maxSteps) => {
    await expect(new CodeAgent({ model: scriptedModel([]), executor }).run("x", { maxSteps })).rejects.toThrow(/`maxSteps` to be a number >= 1/);
  });
});
