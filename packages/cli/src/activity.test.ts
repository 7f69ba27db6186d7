import { expect, it } from "vitest";
import { Activity } from "./activity.ts";
import { anEvent } from "./testing/events.ts";

it("says what goes on, without anything that a terminal obeys", () => {
  const activity = new Activity();
  expect(activity.push(anEvent({ type: "step-start" }))).toBe("Step 1: the model is asked…");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: "I think\n\u001b[3" }))).toBe("Step 1: … I think ␛[3");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: `1mso ${"x".repeat(1_000)}` }))).toBe(`Step 1: … ${"x".repeat(60)}`);
  expect(activity.push(anEvent({ type: "code", thought: "", code: "1" }))).toBe("Step 1: the code is running…");
  expect(activity.push(anEvent({ type: "tool-call", callId: "1", tool: "get\u0007", input: null }))).toBe("Step 1: get␇…");
  expect(activity.push({ ...anEvent({ type: "step-start" }), agentPath: ["agent", "search"] })).toBe(undefined);
  expect(activity.push(anEvent({ type: "step-start" }))).toContain("asked");
  expect(activity.push(anEvent({ type: "model-delta", part: "text", text: "new" }))).toBe("Step 1: … new");
});
