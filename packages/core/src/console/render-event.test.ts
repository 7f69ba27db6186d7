import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import type { EventBody } from "../events.ts";
import { pythonFloat } from "../value.ts";
import { renderEvent } from "./render-event.ts";
import { anAction, anEvent, anExecution, hostile, obeyed } from "./testing/events.ts";
import { Told } from "./told.ts";
import { createView, type View } from "./view.ts";

const narrow = createView({ width: 40 });
const usage = { input: 12_345, cacheRead: 10_000, cacheWrite: 0, output: 67, reasoning: 0 };

/** As an event of a step that has a program. */
function render(body: EventBody, view: View = narrow): string {
  const told = new Told();
  told.note(anEvent({ type: "code", thought: "", code: "1" }));
  told.hasThought = false;
  return renderEvent(anEvent(body), view, told);
}

describe("renderEvent at 40 columns", () => {
  it.each<[string, EventBody, string]>([
    [
      "the task",
      { type: "run-start", task: "How many stars are there in the whole sky?" },
      "Task ───────────────────────────────────\n  How many stars are there in the whole\n  sky?\n",
    ],
    ["a step's heading", { type: "step-start" }, "\nStep 1 ─────────────────────────────────\n"],
    [
      "thought and code",
      { type: "code", thought: "Thought: I count them.", code: "for star in sky:\n    count = count + 1  # one more star" },
      "  I count them.\n\n    for star in sky:\n        count = count + 1  # one more st\n    ar\n\n",
    ],
    ["code without a thought", { type: "code", thought: "", code: "print(1)\n\nprint(2)" }, "    print(1)\n\n    print(2)\n\n"],
    ["output", { type: "output-delta", stream: "stdout", text: "one\n\n  two\n" }, "  │ one\n  │\n  │   two\n"],
    ["a value", { type: "execution", execution: anExecution({ value: [1, 2] }) }, "  → [1,2]\n"],
    ["a value in its language's words", { type: "execution", execution: anExecution({ value: pythonFloat(1), valueText: "1.0" }) }, "  → 1.0\n"],
    ["nothing where there is no value", { type: "execution", execution: anExecution() }, ""],
    [
      "an error with its line",
      { type: "execution", execution: anExecution({ error: { name: "TypeError", message: "unsupported operand type(s)", line: 4 } }) },
      "  ✗ TypeError: unsupported operand\n    type(s) (line 4)\n",
    ],
    [
      "lost variables",
      { type: "execution", execution: anExecution({ error: { name: "MemoryError", message: "too much" }, stateLost: true }) },
      "  ✗ MemoryError: too much\n  ✗ The interpreter was restarted: its\n    variables are gone.\n",
    ],
    [
      "calls, tokens and time of a step",
      {
        type: "step-end",
        action: anAction({ usage, toolCalls: [call("list"), call("get"), call("get"), call("get", "refused")] }),
      },
      "  list, get × 3 (1 failed) · 12,345\n  tokens in (10,000 cached), 67 out ·\n  1.5 s\n",
    ],
    ["only the time where there are no tokens", { type: "step-end", action: anAction() }, "  1.5 s\n"],
    [
      "the text of a step without code",
      {
        type: "step-end",
        action: anAction({ code: "", modelOutput: "Sure!", error: { code: "model-output", name: "ModelOutputError", message: "no code" } }),
      },
      "  Sure!\n  ✗ no code\n  1.5 s\n",
    ],
    ["an error of code only once", { type: "step-end", action: anAction({ error: { code: "code-failed", name: "E", message: "m" } }) }, "  1.5 s\n"],
    ["no interruption", { type: "step-end", action: anAction({ error: { code: "aborted", name: "AbortError", message: "m" } }) }, "  1.5 s\n"],
    [
      "a failed call",
      { type: "tool-result", callId: "1", tool: "get", error: { name: "ToolError", message: "no\nluck" }, durationMs: 1 },
      "  │ get failed: ToolError: no luck\n",
    ],
    ["nothing of a call that went well", { type: "tool-result", callId: "1", tool: "get", value: 1, durationMs: 1 }, ""],
    ["what was displayed", { type: "rich-output", output: { "text/plain": "x", "image/png": "AAAA" } }, "  │ [displayed: text/plain, image/png]\n"],
    ["a warning", { type: "warning", message: "no isolation" }, "  Warning: no isolation\n"],
    ["a retry", { type: "model-retry", message: "503", delayMs: 1_200 }, "  503 Again in 1.2 s.\n"],
    ["nothing of a call that its program shows", { type: "tool-call", callId: "1", tool: "get", input: { args: [], kwargs: {} } }, ""],
    ["nothing of pieces of the model's text", { type: "model-delta", part: "text", text: "x" }, ""],
  ])("shows %s", (_, body, expected) => {
    expect(render(body)).toBe(expected);
  });
});

describe("renderEvent prints nothing of a foreign text that a terminal obeys, in", () => {
  const bodies: readonly EventBody[] = [
    { type: "run-start", task: hostile },
    { type: "warning", message: hostile },
    { type: "model-retry", message: hostile, delayMs: 1 },
    { type: "code", thought: hostile, code: hostile },
    { type: "output-delta", stream: "stderr", text: hostile },
    { type: "tool-result", callId: "1", tool: hostile, error: { name: hostile, message: hostile }, durationMs: 1 },
    { type: "rich-output", output: { [hostile]: hostile } },
    { type: "execution", execution: anExecution({ value: hostile }) },
    { type: "execution", execution: anExecution({ valueText: hostile, value: 1 }) },
    { type: "execution", execution: anExecution({ value: { [hostile]: [hostile] } }) },
    { type: "execution", execution: anExecution({ error: { name: hostile, message: hostile } }) },
    { type: "step-end", action: anAction({ code: "", modelOutput: hostile, error: { code: "model-output", name: "E", message: hostile } }) },
    { type: "step-end", action: anAction({ toolCalls: [call(hostile)] }) },
  ];
  it.each(bodies)("$type", (body) => {
    expect(render(body)).not.toMatch(obeyed);
    expect(render(body, createView())).toContain("rm -rf");
  });
});

it.each([20, 40, 80])("keeps to %i columns", (width) => {
  const long = "a word or two, 東京 and averyveryveryveryveryveryveryverylongwordwithoutanyspaceatall. ".repeat(5);
  const view = createView({ width, colour: true });
  const bodies: readonly EventBody[] = [
    { type: "run-start", task: long },
    { type: "code", thought: long, code: `x = "${long}"` },
    { type: "output-delta", stream: "stdout", text: long },
    { type: "execution", execution: anExecution({ value: long, stateLost: true }) },
    { type: "step-end", action: anAction({ usage, toolCalls: Array.from({ length: 9 }, (_, index) => call(`tool_number_${index}`)) }) },
  ];
  for (const line of bodies.flatMap((body) => render(body, view).split("\n"))) expect(stringWidth(line)).toBeLessThanOrEqual(width);
});

it("wraps nothing without a width", () => {
  const text = "word ".repeat(100).trim();
  expect(render({ type: "output-delta", stream: "stdout", text }, createView())).toBe(`  │ ${text}\n`);
});

it("colours on request only", () => {
  const body: EventBody = { type: "execution", execution: anExecution({ error: { name: "E", message: "m" } }) };
  expect(render(body, createView({ colour: true }))).toBe("  \u001b[31m✗\u001b[39m \u001b[31mE: m\u001b[39m\n");
  const code: EventBody = { type: "code", thought: "", code: "return 1" };
  expect(render(code, createView({ colour: true }))).toBe("    \u001b[35mreturn\u001b[39m \u001b[33m1\u001b[39m\n\n");
  expect(render(code, createView())).toBe("    return 1\n\n");
});

function call(tool: string, error?: string): { readonly id: string; readonly tool: string; readonly error?: { name: string; message: string } } {
  return { id: "1", tool, ...(error && { error: { name: "ToolError", message: error } }) };
}
