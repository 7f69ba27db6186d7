import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import type { EventBody } from "../events.ts";
import { noUsage } from "../model.ts";
import { consoleReporter } from "./console-reporter.ts";
import { anAction, anEvent, anExecution, hostile, obeyed } from "./testing/events.ts";

const usage = { input: 100, cacheRead: 0, cacheWrite: 0, output: 7, reasoning: 0 };
const end = { type: "run-end", usage: noUsage, costUsd: 0, durationMs: 1_000 } as const;

/** Every kind of event. */
const bodies: readonly EventBody[] = [
  { type: "run-start", task: hostile },
  { type: "agent-start", task: hostile },
  { type: "warning", message: hostile },
  { type: "sandbox-progress", message: hostile },
  { type: "plan", plan: { type: "planning", step: 1, plan: hostile, usage, startedAtMs: 0, durationMs: 1 } },
  {
    type: "approval",
    approval: { id: "1", callId: "1", tool: hostile, input: { [hostile]: hostile }, runId: "run", agentPath: [], reason: hostile },
  },
  { type: "step-start" },
  { type: "model-retry", message: hostile, delayMs: 1 },
  { type: "model-delta", part: "reasoning", text: hostile },
  { type: "model-end", usage },
  { type: "code", thought: hostile, code: hostile },
  { type: "output-delta", stream: "stderr", text: hostile },
  { type: "tool-call", callId: hostile, tool: hostile, input: { args: [hostile], kwargs: { [hostile]: hostile } } },
  { type: "tool-data", callId: hostile, tool: hostile, data: { [hostile]: hostile } },
  { type: "tool-result", callId: hostile, tool: hostile, value: { [hostile]: [hostile] }, durationMs: 1 },
  { type: "tool-result", callId: hostile, tool: hostile, error: { name: hostile, message: hostile }, durationMs: 1 },
  { type: "rich-output", output: { [hostile]: hostile, "text/plain": hostile } },
  { type: "execution", execution: anExecution({ value: hostile }) },
  { type: "execution", execution: anExecution({ error: { name: hostile, message: hostile, traceback: hostile } }) },
  { type: "step-end", action: anAction({ toolCalls: [{ id: hostile, tool: hostile }] }) },
  { ...end, state: "success", output: { [hostile]: hostile } },
  { ...end, state: "limit", limit: "steps", text: hostile },
  { ...end, state: "failed", error: { name: hostile, message: hostile } },
];
const wide = "a word or two, 東京 and averyveryveryveryveryverylongwordwithoutanyspaceatall 👩‍🔬. ";

describe.each([["agent"], ["agent", `search ${hostile}`], ["agent", "a", "b", "東京の天気"]])("events of %j", (...agentPath) => {
  it.each(["info", "debug"] as const)("write nothing that a terminal obeys (%s)", (verbosity) => {
    let written = "";
    const report = consoleReporter({ verbosity, write: (text) => (written += text) });
    for (const body of bodies) report(anEvent(body, { agentPath }));
    expect(written).not.toMatch(obeyed);
    expect(written.match(/rm -rf/g)?.length).toBeGreaterThan(10);
  });

  it.each([1, 20, 40, 80])("keep to %i columns, or to twenty", (columns) => {
    const long = JSON.parse(JSON.stringify(bodies).replaceAll(JSON.stringify(hostile).slice(1, -1), wide.repeat(5))) as EventBody[];
    let written = "";
    const report = consoleReporter({ verbosity: "debug", columns, colors: true, write: (text) => (written += text) });
    for (const body of long) report(anEvent(body, { agentPath }));
    for (const row of written.split("\n")) expect(stringWidth(row)).toBeLessThanOrEqual(Math.max(columns, 20));
  });
});
