import { expect, it } from "vitest";
import { fromBase64 } from "../base64.ts";
import type { EventBody } from "../events.ts";
import { type RunEnd, renderRunEnd, renderRunFailure } from "./render-run-end.ts";
import { anAction, anEvent } from "./testing/events.ts";
import { Told } from "./told.ts";
import { createView } from "./view.ts";

const base = {
  type: "run-end",
  usage: { input: 1_000, cacheRead: 0, cacheWrite: 0, output: 20, reasoning: 0 },
  costUsd: 0,
  durationMs: 125_400,
} as const satisfies Partial<EventBody>;
const totals = "\n2 steps · 1 tool call · 1,000 tokens in,\n20 out · 2 min 5 s\n";
const cycle: unknown[] = [];
cycle.push(cycle);

function render(body: EventBody): string {
  const told = new Told();
  for (const action of [anAction({ toolCalls: [{ id: "1", tool: "get" }] }), anAction()]) told.note(anEvent({ type: "step-end", action }));
  return renderRunEnd(anEvent(body) as RunEnd, createView({ width: 40 }), told);
}

it.each<[string, EventBody, string]>([
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
    "an answer of the host's own types",
    { ...base, state: "success", output: new Map<string, unknown>([["at", new Date(0)]]) },
    `\nAnswer ─────────────────────────────────\n  {"at":"1970-01-01T00:00:00.000+00:00"}\n${totals}`,
  ],
  [
    "an answer that can't be written",
    { ...base, state: "success", output: cycle },
    `\nAnswer ─────────────────────────────────\n  (a value that can't be shown)\n${totals}`,
  ],
  [
    "a limit with a last answer",
    { ...base, state: "limit", limit: "steps", text: "about 40" },
    `\nLimit reached: steps. The last answer ──\n  about 40\n${totals}`,
  ],
  [
    "a limit with a typed one",
    { ...base, state: "limit", limit: "steps", text: "{}", output: { stars: 40 } },
    `\nLimit reached: steps. The last answer ──\n  {"stars":40}\n${totals}`,
  ],
  ["a limit without a name", { ...base, state: "limit", text: "40" }, `\nLimit reached. The last answer ─────────\n  40\n${totals}`],
  ["a failure without a word", { ...base, state: "failed" }, `\nFailed ─────────────────────────────────\n${totals.trimStart()}`],
  [
    "a limit without",
    { ...base, state: "limit", limit: "wallTimeMs" },
    `\nLimit reached: wallTimeMs. The last\nanswer ─────────────────────────────────\n  The model gave no last answer.\n${totals}`,
  ],
  ["an interruption", { ...base, state: "aborted" }, `\nInterrupted ────────────────────────────\n${totals.trimStart()}`],
  ["a pause", { ...base, state: "suspended" }, `\nSuspended: calls wait for a decision ───\n${totals.trimStart()}`],
  [
    "an attempt to go on that came to nothing",
    { ...base, state: "suspended", error: { name: "ExecutorCrashedError", message: "no answer" } },
    `\nStill suspended ────────────────────────\n  no answer\n${totals}`,
  ],
  [
    "a failure",
    { ...base, state: "failed", error: { name: "ModelCallError", message: "503 \u001b[31mbusy" } },
    `\nFailed ─────────────────────────────────\n  503 ␛[31mbusy\n${totals}`,
  ],
])("shows %s", (_, body, expected) => {
  expect(render(body)).toBe(expected);
});

it("shows what the run has cost", () => {
  expect(render({ ...base, state: "aborted", costUsd: 0.01234 })).toContain(" · $0.0123 · ");
});

it.each<readonly [RunEnd["state"], string]>([
  ["failed", "\nFailed ─────────────────────────────────\n  busy\n"],
  ["limit", "\nLimit reached: steps. The last answer ──\n  about 40\n"],
  ["success", ""],
  ["aborted", ""],
  ["suspended", ""],
])("shows of a run whose state is %s, where only failures are shown, %j", (state, shown) => {
  const error = { name: "ModelCallError", message: "busy" };
  const event = anEvent({ ...base, state, limit: "steps", text: "about 40", ...(state === "failed" && { error }) }) as RunEnd;
  expect(renderRunFailure(event, createView({ width: 40 }))).toBe(shown);
});
