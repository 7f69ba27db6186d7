import { textWidth } from "@codelet/core/console";
import { expect, it } from "vitest";
import { Activity } from "./activity.ts";
import { anEvent } from "./testing/events.ts";

it("says what goes on, without anything that a terminal obeys", () => {
  const activity = new Activity();
  expect(activity.push(anEvent({ type: "step-start" }), 80)).toBe("Step 1: the model is asked…");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: "I think\n\u001b[3" }), 80)).toBe("Step 1: … I think ␛[3");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: `1mso ${"x".repeat(1_000)}` }), 80)).toBe(`Step 1: … ${"x".repeat(60)}`);
  expect(activity.push(anEvent({ type: "code", thought: "", code: "1" }), 80)).toBe("Step 1: the code is running…");
  expect(activity.push(anEvent({ type: "tool-call", callId: "1", tool: "get\u0007", input: null }), 80)).toBe("Step 1: get␇…");
  expect(activity.push({ ...anEvent({ type: "step-start" }), agentPath: ["agent", "search"] }, 80)).toBe(undefined);
  expect(activity.push(anEvent({ type: "step-start" }), 80)).toContain("asked");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: "new" }), 80)).toBe("Step 1: … new");
});

it.each([
  ["I would like to compute the sum of all primes", 30, "Step 1: … he sum of all primes"],
  ["我想计算所有素数的总和", 19, "Step 1: … 数的总和"],
  [`${"x".repeat(40)}👩‍👩‍👧‍👦👩‍👩‍👧‍👦`, 13, "Step 1: … 👩‍👩‍👧‍👦"],
  [`x${"👩‍👩‍👧‍👦".repeat(100)}`, 80, `Step 1: … ${"👩‍👩‍👧‍👦".repeat(30)}`],
])("shows the newest whole characters of %j that fit into %i columns", (text, columns, shown) => {
  const line = new Activity().push(anEvent({ type: "model-delta", part: "text", text }), columns) as string;
  expect(line).toBe(shown);
  expect(textWidth(line)).toBeLessThanOrEqual(columns);
});
