import { AbortedError, pythonFloat, pythonType } from "@codelet/core";
import { decodeValue } from "@codelet/core/value-codec";
import { expect, it } from "vitest";
import { describeFailure } from "./failure.ts";
import { eventLine, failureLine, resultLine } from "./json-line.ts";
import { anAction, anEvent, anExecution } from "./testing/events.ts";

const base = {
  runId: "run",
  steps: [anAction(), anAction()],
  usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
  costUsd: 0,
  startedAtMs: 0,
  durationMs: 9,
};

it("writes values that JSON doesn't have, so that core's decodeValue reads them", () => {
  const value = [10n ** 20n, pythonFloat(1), Number.NaN, new Uint8Array([1, 2]), { [pythonType]: "tuple", items: [1] } as const];
  const line = eventLine(anEvent({ type: "execution", execution: anExecution({ value }) }));
  expect(decodeValue(JSON.parse(line))).toMatchObject({ type: "execution", execution: { value } });
});

it("writes one line without a character that a terminal obeys", () => {
  const text = "a\nb\u001b[31m\u009b1m\u007f\u202e\u2028\u{e0041}\u{e0100}\u034f\u3164\u00adc";
  const line = eventLine(anEvent({ type: "output-delta", stream: "stdout", text }));
  expect(line).not.toMatch(/[^\P{Cc}\n]/u);
  for (const hidden of ["\u202e", "\u2028", "\u{e0041}", "\u{e0100}", "\u034f", "\u3164", "\u00ad"]) expect(line).not.toContain(hidden);
  expect(line.trimEnd()).not.toContain("\n");
  expect(JSON.parse(line)).toMatchObject({ text });
});

it("leaves the characters that scripts and emoji need", () => {
  const text = "👩\u200d👧 ❤\ufe0f می\u200cخواهم";
  expect(eventLine(anEvent({ type: "output-delta", stream: "stdout", text }))).toContain(text);
});

it("says what it leaves out", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const line = eventLine(anEvent({ type: "tool-data", callId: "1", tool: "t", data: cycle as never }));
  expect(JSON.parse(line)).toEqual({ type: "tool-data", seq: 1, runId: "run", agentPath: ["agent"], step: 1, omitted: expect.any(String) });
});

it("ends with the result and the totals", () => {
  expect(JSON.parse(resultLine({ ...base, state: "success", output: 4 }))).toMatchObject({
    type: "result",
    state: "success",
    output: 4,
    steps: 2,
    durationMs: 9,
  });
  expect(JSON.parse(resultLine({ ...base, state: "aborted", reason: new AbortedError("SIGINT") }))).toMatchObject({
    state: "aborted",
    reason: "SIGINT",
  });
  const steps = [...base.steps, { type: "planning", plan: "p", step: 1 } as never];
  const run = { ...base, steps };
  expect(JSON.parse(resultLine({ ...run, state: "success", output: 4 }))).toMatchObject({ steps: 2 });
  const late = failureLine({ ...describeFailure(new RangeError("bad")), run });
  expect(JSON.parse(late)).toMatchObject({ type: "result", state: "failed", runId: "run", durationMs: 9, steps: 2 });
  const failure = failureLine(describeFailure(new RangeError("bad")));
  expect(JSON.parse(failure)).toMatchObject({
    type: "result",
    state: "failed",
    error: { code: "unknown", name: "RangeError", message: "bad" },
    steps: 0,
  });
});
