import { describe, expect, it } from "vitest";
import { OutputLines } from "./output-lines.ts";
import { anEvent } from "./testing/events.ts";

type Delta = Parameters<OutputLines["add"]>[0];

const output = (text: string, stream: "stdout" | "stderr" = "stdout"): Delta => anEvent({ type: "output-delta", stream, text }) as Delta;

/** What is shown of pieces of output, each add by itself. */
function texts(pieces: readonly Delta[], lines: OutputLines = new OutputLines()): string[] {
  return [...pieces.flatMap((piece) => lines.add(piece)), ...lines.flush()].map(({ text }) => text);
}

describe("OutputLines", () => {
  it("joins pieces of a line", () => {
    expect(texts([output("one "), output("line\ntwo"), output(" lines\n")])).toEqual(["one line\n", "two lines\n"]);
  });

  it("keeps an unfinished line until it is asked for", () => {
    const lines = new OutputLines();
    expect(lines.add(output("half"))).toEqual([]);
    expect(lines.flush()).toMatchObject([{ text: "half" }]);
    expect(lines.flush()).toEqual([]);
  });

  it("keeps the order of both streams", () => {
    expect(texts([output("out"), output("error\n", "stderr"), output("out\n")])).toEqual(["out", "error\n", "out\n"]);
  });

  it("doesn't wait for the end of an endless line", () => {
    const lines = new OutputLines();
    expect(lines.add(output("x".repeat(3_000)))).toEqual([]);
    expect(lines.add(output("x".repeat(3_000)))).toMatchObject([{ text: "x".repeat(6_000) }]);
  });

  it("cuts a flood of few long lines, too", () => {
    const shown = texts(Array.from({ length: 10 }, (_, index) => output(`${index}${"x".repeat(2_998)}\n`, index % 2 === 0 ? "stdout" : "stderr")));
    expect(shown).toHaveLength(7);
    expect(shown.at(-1)).toBe(`6${"x".repeat(1_999)}\n[… more output is not shown]\n`);
  });

  it("cuts a flood once per step", () => {
    const lines = new OutputLines();
    const shown = texts(
      Array.from({ length: 1_000 }, () => output("line\n")),
      lines,
    );
    expect(shown).toHaveLength(401);
    expect(shown.at(-1)).toBe("[… more output is not shown]\n");
    lines.restart();
    expect(texts([output("next step\n")], lines)).toEqual(["next step\n"]);
  });

  it("cuts one enormous piece", () => {
    const [text = "", ...rest] = texts([output("y".repeat(1_000_000))]);
    expect(rest).toEqual([]);
    expect(text.length).toBeLessThan(20_100);
    expect(text).toMatch(/y\n\[… more output is not shown\]\n$/);
  });

  it("counts every kind of line end", () => {
    const [text = ""] = texts([output("%\r".repeat(5_000))]);
    expect(text.split("\n")).toHaveLength(402);
  });

  it("has room for so many calls as for lines", () => {
    const lines = new OutputLines();
    expect(Array.from({ length: 1_000 }, () => lines.admits()).filter(Boolean)).toHaveLength(400);
    expect(texts([output("line\n")], lines)).toEqual(["[… more output is not shown]\n"]);
  });
});
