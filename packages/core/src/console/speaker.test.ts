import { describe, expect, it } from "vitest";
import type { EventBody } from "../events.ts";
import { Speaker } from "./speaker.ts";
import { anEvent } from "./testing/events.ts";
import { createView } from "./view.ts";

const view = createView();
const output: EventBody = { type: "output-delta", stream: "stdout", text: "line\n" };

describe("a step's flood", () => {
  it("ends with the step", () => {
    const speaker = new Speaker(["agent"], 1, "info");
    const shown = Array.from({ length: 500 }, () => speaker.hear(anEvent(output), view)).join("");
    expect(shown.split("\n").length).toBeLessThan(410);
    expect(speaker.hear(anEvent(output), view)).toBe("");
    speaker.hear(anEvent({ type: "step-start" }), view);
    expect(speaker.hear(anEvent(output), view)).toContain("line");
  });

  it.each<readonly [string, EventBody]>([
    ["calls", { type: "tool-call", callId: "1", tool: "get", input: null }],
    ["what calls tell", { type: "tool-data", callId: "1", tool: "get", data: "half" }],
    ["results", { type: "tool-result", callId: "1", tool: "get", value: 1, durationMs: 1 }],
    ["what is displayed", { type: "rich-output", output: { "text/plain": "a table" } }],
  ])("may be one of %s, and leaves room for what is no part of it", (_, body) => {
    const speaker = new Speaker(["agent"], 1, "debug");
    const shown = Array.from({ length: 500 }, () => speaker.hear(anEvent(body), view));
    expect(shown.filter((text) => text !== "")).toHaveLength(400);
    expect(speaker.hear(anEvent({ type: "code", thought: "So many.", code: "1" }), view)).toContain("So many.");
  });
});

it("where only failures are shown, output is none, and the step's heading comes with the first", () => {
  const speaker = new Speaker(["agent"], 1, "error");
  const failure: EventBody = { type: "tool-result", callId: "1", tool: "get", error: { name: "E", message: "no luck" }, durationMs: 1 };
  speaker.hear(anEvent({ type: "step-start" }), view);
  expect(speaker.hear(anEvent(output), view) + speaker.finish(view)).toBe("");
  expect(speaker.hear(anEvent(failure), view)).toMatch(/Step 1[\s\S]*no luck/);
  expect(speaker.hear(anEvent(failure), view)).not.toContain("Step 1");
});
