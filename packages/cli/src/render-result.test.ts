import type { PlainValue, RunBase, RunResult } from "@codelet/core";
import { fromBase64 } from "@codelet/core/value-codec";
import { expect, it } from "vitest";
import { renderFailure, renderResult } from "./render-result.ts";
import { anAction } from "./testing/events.ts";
import { createView } from "./view.ts";

const view = createView({ width: 40 });
const base: RunBase = {
  runId: "run",
  steps: [{ type: "task", task: "t", attachments: [] }, anAction({ toolCalls: [{ id: "1", tool: "get" }] }), anAction()],
  usage: { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 20, reasoning: 0 },
  costUsd: 0,
  startedAtMs: 0,
  durationMs: 125_400,
};
const totals = "\n2 steps · 1 tool call · 1,000 tokens in,\n20 out · 2 min 5 s\n";

it.each<[string, RunResult<PlainValue>, string]>([
  ["an answer", { ...base, state: "success", output: "42 stars" }, `\nAnswer ─────────────────────────────────\n  42 stars\n${totals}`],
  [
    "a short typed answer",
    { ...base, state: "success", output: { stars: 42n } },
    `\nAnswer ─────────────────────────────────\n  {"stars":"42"}\n${totals}`,
  ],
  [
    "a long typed answer",
    {
      ...base,
      state: "success",
      output: { name: "a name of some length", image: { mediaType: "image/png", data: fromBase64("AAAA") }, other: Number.NaN },
    },
    `\nAnswer ─────────────────────────────────\n  {\n    "name": "a name of some length",\n    "image": "<image/png, 3 bytes>",\n    "other": "NaN"\n  }\n${totals}`,
  ],
  [
    "a limit with a last answer",
    { ...base, state: "limit", limit: "steps", text: "about 40" },
    `\nLimit reached: steps. The last answer ──\n  about 40\n${totals}`,
  ],
  [
    "a limit without",
    { ...base, state: "limit", limit: "wallTimeMs" },
    `\nLimit reached: wallTimeMs. The last answer ──\n  The model gave no last answer.\n${totals}`,
  ],
  ["an interruption", { ...base, state: "aborted", reason: undefined }, `\nInterrupted ────────────────────────────\n${totals.trimStart()}`],
])("shows %s", (_, result, expected) => {
  expect(renderResult(result, view)).toBe(expected);
});

it("shows a failure with what was done", () => {
  expect(renderFailure("503 \u001b[31mbusy", base, view)).toBe(`\nFailed ─────────────────────────────────\n  503 busy\n${totals}`);
  expect(renderFailure("no key", undefined, view)).toBe("\nFailed ─────────────────────────────────\n  no key\n");
});
