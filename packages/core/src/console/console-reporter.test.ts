import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it, vi } from "vitest";
import { CodeAgent } from "../code-agent.ts";
import type { AgentEvent } from "../events.ts";
import { consoleReporter } from "./console-reporter.ts";
import { anAction, anExecution } from "./testing/events.ts";
import { by, end, manager, print, report } from "./testing/reports.ts";

const usage = { input: 100, cacheRead: 0, cacheWrite: 0, output: 7, reasoning: 0 };
const failingRun: readonly AgentEvent[] = [
  manager({ type: "run-start", task: "Find it." }),
  manager({ type: "warning", message: "no isolation" }),
  manager({ type: "sandbox-progress", message: "starts" }),
  manager({ type: "step-start" }),
  manager({ type: "model-retry", message: "503.", delayMs: 500 }),
  manager({ type: "model-delta", part: "reasoning", text: "Hm, " }),
  manager({ type: "model-delta", part: "reasoning", text: "get it." }),
  manager({ type: "model-end", usage }),
  manager({ type: "code", thought: "I get it.", code: 'get("a", unit="b")' }),
  manager(print("half")),
  manager({ type: "tool-call", callId: "c", tool: "get", input: { args: ["a"], kwargs: { unit: "b" } } }),
  manager({ type: "tool-data", callId: "c", tool: "get", data: { done: 0.5 } }),
  manager({ type: "tool-result", callId: "c", tool: "get", value: { found: 1 }, durationMs: 20 }),
  manager({ type: "tool-call", callId: "d", tool: "get", input: { args: [], kwargs: {} } }),
  manager({ type: "tool-result", callId: "d", tool: "get", error: { name: "ToolError", message: "gone" }, durationMs: 20 }),
  manager({ type: "execution", execution: anExecution({ error: { name: "ToolError", message: "gone", line: 1, traceback: "line 1\nToolError" } }) }),
  manager({ type: "rich-output", output: { "text/plain": "a picture", "image/png": "AAAA" } }),
  manager({ type: "step-end", action: anAction({ usage }) }),
  by("manager", 2)({ type: "step-start" }),
  by("manager", 2)({ type: "code", thought: "", code: "1" }),
  by("manager", 2)({ type: "step-end", action: anAction() }),
  manager({ ...end, state: "failed", error: { name: "ModelCallError", message: "no more" } }),
];

describe("verbosity", () => {
  it('writes nothing for "off"', () => {
    expect(report(failingRun, { verbosity: "off" })).toBe("");
  });

  it('writes what failed, and in which step, for "error"', () => {
    expect(report(failingRun, { verbosity: "error" })).toBe(`
Step 1 ─────────────────────────────────
  │ get failed: ToolError: gone
  ✗ ToolError: gone (line 1)

Failed ─────────────────────────────────
  no more
`);
  });

  it("writes what the run is about by default", () => {
    expect(report(failingRun)).toBe(`Task ───────────────────────────────────
  Find it.
  Warning: no isolation

Step 1 ─────────────────────────────────
  503. Again in 500 ms.
  I get it.

    get("a", unit="b")

  │ half
  │ get failed: ToolError: gone
  ✗ ToolError: gone (line 1)
  │ [displayed: text/plain, image/png]
  100 tokens in, 7 out · 1.5 s

Step 2 ─────────────────────────────────
    1

  1.5 s

Failed ─────────────────────────────────
  no more

2 steps · 1.0 s
`);
  });

  it('writes calls, reasoning, progress and tracebacks too for "debug"', () => {
    const [, first = ""] = report(failingRun, { verbosity: "debug" }).split(/^(?=.*(?:Warning|Step 2))/m);
    expect(first).toBe(`  Warning: no isolation
  Sandbox: starts

Step 1 ─────────────────────────────────
  503. Again in 500 ms.
  ┊ Hm, get it.
  Model: 100 tokens in, 7 out
  I get it.

    get("a", unit="b")

  │ half
  │ #1 get("a", unit="b")
  │ get: {"done":0.5}
  │ #1 get · 20 ms → {"found":1}
  │ #2 get()
  │ #2 get failed: ToolError: gone
  │ line 1
  │ ToolError
  ✗ ToolError: gone (line 1)
  │ [displayed: text/plain, image/png]
  │ a picture
  100 tokens in, 7 out · 1.5 s

`);
  });
});

it("shows the calls and results of a step without a program, each by its number", () => {
  const events = [
    manager({ type: "step-start" }),
    manager({ type: "model-delta", part: "text", text: "Two at " }),
    manager({ type: "model-delta", part: "text", text: "once." }),
    manager({ type: "tool-call", callId: "a", tool: "get", input: { city: "Tokyo" } }),
    manager({ type: "tool-call", callId: "b", tool: "get", input: { city: "Paris" } }),
    manager({ type: "tool-result", callId: "b", tool: "get", value: 14, durationMs: 20 }),
    manager({ type: "tool-result", callId: "a", tool: "get", error: { name: "ToolError", message: "gone" }, durationMs: 30 }),
    manager({ type: "step-end", action: anAction({ code: "", modelOutput: "Two at once.", thought: "Two at once.", toolResults: [] }) }),
  ];
  expect(report(events)).toBe(`
Step 1 ─────────────────────────────────
  Two at once.

  │ #1 get({"city":"Tokyo"})
  │ #2 get({"city":"Paris"})
  │ #2 get · 20 ms → 14
  │ #1 get failed: ToolError: gone
  1.5 s
`);
});

it("ignores events that it doesn't know", () => {
  expect(report([manager({ type: "of-a-later-release" } as never)], { verbosity: "debug" })).toBe("");
});

it("asks for the columns again with each event", () => {
  const widths = [30, 20];
  const headings = report([manager({ type: "step-start" }), manager({ type: "step-start" })], { columns: () => widths.shift() as number });
  expect(headings.split("\n").map((row) => row.length)).toEqual([0, 30, 0, 20, 0]);
});

it.each([0, undefined, () => 0, () => undefined])("takes eighty columns where nobody knows how many there are (%s)", (columns) => {
  expect(report([manager({ type: "step-start" })], { columns }).length).toBe("\n\n".length + 80);
});

it("wraps nothing at an infinite width", () => {
  const long = "a word or two and then ".repeat(20).trim();
  expect(report([manager(print(`${long}\n`))], { columns: Number.POSITIVE_INFINITY })).toBe(`  │ ${long}\n`);
});

it("colours on request only, and closes each colour on its row", () => {
  const written = report([by("search")({ type: "run-start", task: "It." })], { colors: true });
  for (const row of written.split("\n")) expect((row.split("\u001b[").length - 1) % 2).toBe(0);
  expect(written).toContain("\u001b[36m  search\u001b[39m");
});

it("cuts a flood of calls and of output in each step", () => {
  const call = manager({ type: "tool-result", callId: "1", tool: "t", error: { name: "E", message: "m" }, durationMs: 1 });
  const flood = Array.from({ length: 1_000 }, () => [manager(print("line\n")), call]).flat();
  expect(report(flood).split("\n").length).toBeLessThan(410);
});

it("prints with console.log by default, without an empty line behind", () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    consoleReporter()(manager({ type: "warning", message: "one" }));
    expect(log.mock.calls).toEqual([["  Warning: one"]]);
  } finally {
    log.mockRestore();
  }
});

it.each([
  [{ verbosity: "loud" }, "Expected `verbosity` to be one of off, error, info, debug, got `loud` (string)"],
  [{ columns: -1 }, "Expected `columns` to be a number >= 0 or a function, got `-1` (number)"],
  [{ columns: Number.NaN }, "Expected `columns` to be a number >= 0 or a function, got `NaN` (number)"],
  [{ write: "stdout" }, "Expected `write` to be a function, got `stdout` (string)"],
])("refuses %j", (options, message) => {
  expect(() => consoleReporter(options as never)).toThrow(new TypeError(message));
});

it("shows plans, and calls that wait for a decision", () => {
  const plan = { type: "planning", step: 1, plan: "1. Look\n2. Tell", usage, startedAtMs: 0, durationMs: 200 } as const;
  const approval = { id: "1/tool.c", callId: "c", tool: "pay", input: { euros: 5 }, runId: "run", agentPath: ["manager"], reason: "money" };
  expect(report([manager({ type: "plan", plan }), manager({ type: "approval", approval })])).toBe(`
Plan ───────────────────────────────────
  1. Look
  2. Tell
  100 tokens in, 7 out · 200 ms
  Waits for a decision (1/tool.c):
  pay({"euros":5}): money
`);
});

it("shows at the end of a step without a program what its model said all at once, if anything", () => {
  const end = (thought: string): AgentEvent =>
    manager({ type: "step-end", action: anAction({ code: "", modelOutput: thought || "(no text)", thought, toolResults: [] }) });
  expect(report([end("I called.")])).toBe("  I called.\n  1.5 s\n");
  expect(report([end("")])).toBe("  1.5 s\n");
});

it("shows a run as it comes", async () => {
  const executor = fakeExecutor((step) => {
    step.print("40 and 2");
    return step.finalAnswer(42);
  });
  const agent = new CodeAgent({ model: scriptedModel(["I add.\n<code>\nfinal_answer(40 + 2)\n</code>"]), executor });
  let written = "";
  const reporter = consoleReporter({ columns: 40, write: (text) => (written += text) });
  for await (const event of agent.start("How much is it?")) reporter(event);
  expect(written).toMatch(
    /^Task ─+\n {2}How much is it\?\n(?: {2}Warning.*\n(?: {2}.*\n)*)?\nStep 1 ─+\n {2}I add\.\n\n {4}final_answer\(40 \+ 2\)\n\n {2}│ 40 and 2\n/,
  );
  expect(written).toMatch(/\nAnswer ─+\n {2}42\n\n1 step · /);
});
