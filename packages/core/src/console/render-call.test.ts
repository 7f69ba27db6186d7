import { describe, expect, it } from "vitest";
import type { Value } from "../value.ts";
import { renderApproval, renderCall, renderCallResult } from "./render-call.ts";
import { anEvent } from "./testing/events.ts";
import { createView } from "./view.ts";

const view = createView({ width: 200, colour: false, language: "python" });
type ToolCall = Parameters<typeof renderCall>[0];
type ToolResult = Parameters<typeof renderCallResult>[0];

describe("a call", () => {
  it.each<readonly [Value, string]>([
    [{ args: ["Paris", 2], kwargs: { unit: "C" } }, 'get("Paris", 2, unit="C")'],
    [{ args: [], kwargs: {} }, "get()"],
    [{ city: "Paris" }, 'get({"city":"Paris"})'],
    [{ args: [1] }, 'get({"args":[1]})'],
    [{ kwargs: {} }, 'get({"kwargs":{}})'],
    [{ args: 1, kwargs: {} }, 'get({"args":1,"kwargs":{}})'],
    [{ args: [], kwargs: null }, 'get({"args":[],"kwargs":null})'],
    [{ args: [], kwargs: {}, more: 1 }, 'get({"args":[],"kwargs":{},"more":1})'],
    [["a"], 'get(["a"])'],
    ["text", 'get("text")'],
    [7, "get(7)"],
    [null, "get(null)"],
  ])("is written as Python would, whatever its input is: %j", (input, call) => {
    expect(renderCall(anEvent({ type: "tool-call", callId: "1", tool: "get", input }) as ToolCall, view, undefined)).toBe(`  │ ${call}\n`);
    expect(renderCall(anEvent({ type: "tool-call", callId: "1", tool: "get", input }) as ToolCall, view, 2)).toBe(`  │ #2 ${call}\n`);
  });

  it.each<readonly [Value | undefined, number, string]>([
    [14, 120, "get · 120 ms → 14"],
    [null, 120, "get · 120 ms"],
    [undefined, 120, "get · 120 ms"],
    [0, 0, "get → 0"],
    [undefined, 0, "get"],
  ])("tells its result %j after %i ms", (value, durationMs, told) => {
    const result = anEvent({ type: "tool-result", callId: "1", tool: "get", ...(value !== undefined && { value }), durationMs });
    expect(renderCallResult(result as ToolResult, view, undefined)).toBe(`  │ ${told}\n`);
  });

  it("that waits says what for, where there is a reason", () => {
    const approval = { id: "7", tool: "send", input: { args: ["a"], kwargs: {} } } as unknown as Parameters<typeof renderApproval>[0];
    expect(renderApproval(approval, view)).toBe('  Waits for a decision (7): send("a")\n');
    expect(renderApproval({ ...approval, reason: "it costs" }, view)).toBe('  Waits for a decision (7): send("a"): it costs\n');
  });
});
