import type { AgentEvent } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { OutputLines } from "./output-lines.ts";
import { anEvent } from "./testing/events.ts";

const output = (text: string, stream: "stdout" | "stderr" = "stdout"): AgentEvent => anEvent({ type: "output-delta", stream, text });

function texts(events: readonly AgentEvent[]): string[] {
  const lines = new OutputLines();
  return events.flatMap((event) => lines.push(event)).map((event) => (event.type === "output-delta" ? event.text : event.type));
}

describe("OutputLines", () => {
  it("joins pieces of a line", () => {
    expect(texts([output("one "), output("line\ntwo"), output(" lines\n")])).toEqual(["one line\n", "two lines\n"]);
  });

  it("shows an unfinished line before the next event", () => {
    expect(texts([output("half"), anEvent({ type: "code", thought: "", code: "" })])).toEqual(["half", "code"]);
  });

  it("keeps the order of both streams", () => {
    expect(texts([output("out"), output("error\n", "stderr"), output("out\n")])).toEqual(["out", "error\n", "out\n"]);
  });

  it("joins an escape sequence that came in two pieces", () => {
    expect(texts([output("\u001b]0;ow"), output("ned\u0007\n")])).toEqual(["\u001b]0;owned\u0007\n"]);
  });

  it("doesn't wait for the end of an endless line", () => {
    expect(texts([output("x".repeat(3_000)), output("x".repeat(3_000))])).toEqual(["x".repeat(6_000)]);
  });

  it("cuts a flood once per step", () => {
    const flood = Array.from({ length: 1_000 }, () => output("line\n"));
    const shown = texts([...flood, anEvent({ type: "step-start" }), output("next step\n")]);
    expect(shown).toHaveLength(403);
    expect(shown.at(-3)).toBe("[… more output is not shown]\n");
    expect(shown.at(-1)).toBe("next step\n");
  });

  it("cuts one enormous piece", () => {
    const [text = "", ...rest] = texts([output("y".repeat(1_000_000))]);
    expect(rest).toEqual([]);
    expect(text.length).toBeLessThan(20_100);
    expect(text).toMatch(/y\n\[… more output is not shown\]\n$/);
  });

  it("cuts a flood of failed calls", () => {
    const failed = anEvent({ type: "tool-result", callId: "1", tool: "t", error: { name: "E", message: "m" }, durationMs: 1 });
    expect(texts(Array.from({ length: 1_000 }, () => failed))).toHaveLength(400);
  });
});
