import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { ModelResponse } from "./model.ts";
import { tool } from "./tool.ts";

const action = (code: string): string => `<code>\n${code}\n</code>`;
const usage = { input: 100, cacheRead: 40, cacheWrite: 0, output: 10, reasoning: 5 };
const executor = fakeExecutor(async ({ code, call, signal }) => {
  if (code === "calls") for (let count = 0; count < 10; count++) await call("ping", []);
  if (code === "sleep") await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return null;
});
const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: () => "pong" });

describe("a limit ends the run after one last call for an answer", () => {
  it("of steps", async () => {
    const model = scriptedModel([action("a"), action("b"), "my best guess"], { usage });
    const result = await new CodeAgent({ model, executor, maxSteps: 2 }).run("the task");
    expect(result).toMatchObject({ state: "limit", limit: "steps", text: "my best guess", output: "my best guess" });
    expect(result.usage).toEqual({ input: 300, cacheRead: 120, cacheWrite: 0, output: 30, reasoning: 15 });
    expect(JSON.stringify(model.requests[2]?.messages.at(-1))).toContain("the task");
  });

  it("of tokens", async () => {
    const model = scriptedModel([action("a"), action("b"), "x"], { usage });
    expect(await new CodeAgent({ model, executor, budget: { inputTokens: 200 } }).run("task")).toMatchObject({
      state: "limit",
      limit: "inputTokens",
    });
  });

  it("of cost, by the caller's price", async () => {
    const model = scriptedModel([action("a"), action("b"), "x"], { usage });
    const price = ({ input, output }: typeof usage): number => input * 0.01 + output * 0.1;
    expect(await new CodeAgent({ model, executor, budget: { costUsd: 3 }, price }).run("task")).toMatchObject({
      state: "limit",
      limit: "costUsd",
      costUsd: 6,
    });
  });

  it("of tool calls, in the middle of a program", async () => {
    const model = scriptedModel([action("calls"), "x"]);
    const result = await new CodeAgent({ model, executor, tools: [ping], budget: { toolCalls: 3 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "toolCalls", text: "x" });
    expect(result.steps[2]).toMatchObject({ toolCalls: { length: 3 }, error: { code: "limit-reached" } });
  });

  it("of wall time, in the middle of a program", async () => {
    const model = scriptedModel([action("sleep"), "x"]);
    const result = await new CodeAgent({ model, executor, budget: { wallTimeMs: 50 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "x" });
    expect(result.durationMs).toBeLessThan(2_000);
  });

  it("with a typed answer where the model gives one", async () => {
    const run = (last: string): Promise<unknown> =>
      new CodeAgent({ model: scriptedModel([action("a"), last]), executor, maxSteps: 1, output: z.number() }).run("task");
    expect(await run('{"answer": 5}')).toMatchObject({ state: "limit", output: 5 });
    expect(await run("five")).not.toHaveProperty("output");
    expect(await run("five")).toMatchObject({ text: "five" });
  });

  it("not before its time when it is longer than timers can wait", async () => {
    const model = scriptedModel([action("a"), action("a"), "x"]);
    expect(await new CodeAgent({ model, executor, budget: { wallTimeMs: 30 * 86_400_000 }, maxSteps: 2 }).run("task")).toMatchObject({
      limit: "steps",
    });
  });

  it("counts strange token counts as none, so that they don't switch a limit off", async () => {
    const model = async (): Promise<never> => ({ content: [{ type: "text", text: action("a") }], usage: {}, finishReason: "stop" }) as never;
    const result = await new CodeAgent({ model, executor, budget: { inputTokens: 10 }, maxSteps: 2 }).run("task");
    expect(result).toMatchObject({ state: "limit", usage: { input: 0, output: 0 } });
  });

  it("also when that call fails", async () => {
    const model = scriptedModel([action("a"), Object.assign(new Error("no"), { status: 400 })]);
    expect(await new CodeAgent({ model, executor, maxSteps: 1 }).run("task")).toMatchObject({ state: "limit", limit: "steps" });
  });
});

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("does not go on where a price says %d, which no budget can count", async (costUsd) => {
  const model = scriptedModel([action("a"), action("b")], { usage });
  const price = ({ input }: { input: number }): number => (input === 0 ? 0 : costUsd);
  const run = new CodeAgent({ model, executor, price, budget: { costUsd: 1 } }).run("task");
  await expect(run).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringContaining("`price` says"),
    run: { usage: { input: 100 } },
  });
});

describe("the last answer", () => {
  const ended = (text: string | ModelResponse, options: object): Promise<unknown> =>
    new CodeAgent({ model: scriptedModel([action("a"), text]), executor, maxSteps: 1, ...options } as never).run("task");

  it("is read without the thoughts before it", async () => {
    expect(await ended("<think>hm</think>\n42", {})).toMatchObject({ output: "42", text: "42" });
  });

  it("is read out of a sentence and a fence", async () => {
    const text = 'Here it is:\n```json\n{"answer": 1}\n```';
    expect(await ended(text, { output: z.number() })).toMatchObject({ state: "limit", output: 1 });
  });

  it.each([
    '{"answer": 1}\nThat is {one}.',
    "{'answer': 1,}",
    "```python\nfinal_answer(1)\n```",
    '{"name": "final_answer", "arguments": {"answer": 1}}',
  ])("is read in other forms too: %s", async (text) => {
    expect(await ended(text, { output: z.number() })).toMatchObject({ output: 1 });
  });

  it("is read from a program that gives it, and from a call", async () => {
    expect(await ended('Thought: I know.\n<code>\nfinal_answer("Paris")\n</code>', {})).toMatchObject({ output: "Paris" });
    const call = { type: "tool-call", id: "1", name: "final_answer", input: { answer: 1 } } as const;
    expect(await ended({ content: [call], usage, finishReason: "tool-calls" }, {})).toMatchObject({ output: 1 });
  });
});
