import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import type { RunResult } from "../agent.ts";
import { CodeAgent } from "../code-agent.ts";
import { type ContentPart, noUsage } from "../model.ts";
import { tool } from "../tool.ts";
import { ToolCallingAgent } from "../tool-calling-agent.ts";
import type { Json } from "../value.ts";
import { consoleReporter } from "./console-reporter.ts";
import { replay } from "./replay.ts";
import { anAction } from "./testing/events.ts";

const act = (code: string): string => `Thought: go on\n<code>\n${code}\n</code>`;
const executor = fakeExecutor(({ code, print, finalAnswer }) => {
  if (code === "fail") throw new Error("broken");
  if (code === "answer") return finalAnswer(42);
  print("a line\n\u001b[2Jhidden");
  return null;
});

function replayed(run: Parameters<typeof replay>[0], options: Parameters<typeof replay>[1] = {}): string {
  let text = "";
  replay(run, {
    ...options,
    write: (more) => {
      text += more;
    },
  });
  return text;
}

it("prints task, plan, thoughts, code, what was seen, and the answer", async () => {
  const model = scriptedModel(["First look.", act("look"), act("fail"), "no code here", act("answer")]);
  const result = await new CodeAgent({ model, executor, planningInterval: 10 }).run("Find it.");
  const text = replayed(result);
  const order = [
    "Task",
    "Find it.",
    "Plan",
    "First look.",
    "Step 1",
    "go on",
    "look",
    "a line",
    "␛[2Jhidden",
    "Step 2",
    "broken",
    "Step 3",
    "no code here",
    "42",
    "4 steps",
  ];
  let at = 0;
  for (const part of order) {
    expect(text.slice(at)).toContain(part);
    at = text.indexOf(part, at) + 1;
  }
  expect(text).not.toContain("\u001b");
});

it("ends as the run did while it was shown", async () => {
  let live = "";
  const report = consoleReporter({
    write: (more) => {
      live += more;
    },
  });
  const run = new CodeAgent({ model: scriptedModel([act("answer")]), executor }).start("Find it.");
  for await (const event of run) report(event);
  const ending = (text: string): string => text.slice(text.lastIndexOf("Answer"));
  expect(ending(replayed(await run.result))).toBe(ending(live));
});

it("prints calls with their results, several at once too", async () => {
  const add = tool({
    name: "add",
    description: "Adds.",
    input: z.object({ a: z.number(), b: z.number() }),
    execute: ({ a, b }) => (a < 0 ? Promise.reject(new Error("negative")) : a + b),
  });
  const call = (id: string, name: string, input: object) => ({ type: "tool-call", id, name, input: input as never }) as const;
  const model = scriptedModel([
    ["Two at once.", call("a", "add", { a: 1, b: 2 }), call("b", "add", { a: -1, b: 2 })],
    [call("c", "final_answer", { answer: 3 })],
  ]);
  const text = replayed(await new ToolCallingAgent({ model, tools: [add] }).run("Add."));
  expect(text).toContain("Two at once.");
  expect(text).toContain("#1 add(a=1, b=2)");
  expect(text).toMatch(/#1 add .*→ 3/);
  expect(text).toMatch(/#2 add failed: ToolError: negative/);
});

it("prints steps alone, a summary among them, and nothing where nothing is asked for", () => {
  const steps = [
    { type: "system", prompt: "secret prompt" },
    { type: "task", task: "New task:\nFind it.", attachments: [] },
    { type: "summary", summary: "What was done before, in short:\nStep 1: look -> found" },
  ] as const;
  const text = replayed(steps);
  expect(text).toContain("Find it.");
  expect(text).toContain("Step 1: look -> found");
  expect(text).not.toContain("secret prompt");
  expect(text).not.toContain("New task:");
  expect(replayed(steps, { verbosity: "off" })).toBe("");
});

it("prints of a step all that was seen, and of its calls none that only ended the run", () => {
  const part = (id: string, name: string, input: Json): ContentPart => ({ type: "tool-call", id, name, input });
  const result = (id: string, name: string, content: string, isError?: boolean) => ({ type: "tool-result", id, name, content, isError }) as const;
  const steps = [
    anAction({ code: "show()", observation: "Observation:\nprinted", outputs: [{ "text/plain": "a table" }] }),
    anAction({ code: "", thought: "Nothing is called.", observation: "Call a tool." }),
    anAction({
      code: "",
      thought: "Three at once.",
      modelParts: [part("a", "get", ["x"]), part("b", "get", null), part("c", "final_answer", { answer: 1 })],
      toolResults: [result("a", "get", "14"), result("b", "get", "odd", true), result("c", "final_answer", "CheckFailed: too small", true)],
    }),
    anAction({ code: "", modelParts: [part("d", "final_answer", { answer: 2 })], toolResults: [result("d", "final_answer", "2")] }),
  ];
  const text = replayed(steps, { verbosity: "debug", columns: Number.POSITIVE_INFINITY });
  const shown = ["show()", "printed\n", "a table", "Three at once.", '#1 get(["x"])', "#2 get(null)", "#1 get → 14", "#2 get failed: Error: odd"];
  for (const each of [...shown, "final_answer failed: CheckFailed: too small"]) expect(text).toContain(each);
  for (const hidden of ["Observation:", "Nothing is called.", "final_answer(", "→ 2"]) expect(text).not.toContain(hidden);
});

it.each<readonly [object, string]>([
  [{ state: "limit", limit: "steps", text: "about 40" }, "Limit reached: steps. The last answer ─+\n {2}about 40\n"],
  [{ state: "limit", limit: "steps", output: 40 }, "Limit reached: steps. The last answer ─+\n {2}40\n"],
  [{ state: "limit", limit: "steps" }, "The model gave no last answer."],
  [{ state: "aborted", reason: "enough" }, "Interrupted ─+\n1 step · 5 tokens in, 1 out · 2.0 s\n$"],
  [{ state: "suspended", pending: [], resumeState: {} }, "Suspended: calls wait for a decision"],
])("ends as the result says: %j", (ending, shown) => {
  const usage = { ...noUsage, input: 5, output: 1 };
  const run = { runId: "r", steps: [anAction()], usage, costUsd: 0, durationMs: 2_000, ...ending } as unknown as RunResult<unknown>;
  expect(replayed(run)).toMatch(new RegExp(shown));
});

it.each([undefined, {}, { steps: "none" }])("refuses %j, which holds no steps", (run) => {
  expect(() => replay(run as never)).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining("`run.steps`") }));
});

it("prints what is known of a run that failed", async () => {
  const failing = new CodeAgent({ model: scriptedModel([act("look"), new Error("the model is gone")]), executor, retry: { maxRetries: 0 } });
  const error = await failing.run("Find it.").catch((thrown) => thrown);
  expect(replayed(error.run)).toContain("a line");
});
