import fc from "fast-check";
import { expect, it } from "vitest";
import { stopCutter } from "./cut-at-stop.ts";

function cut(pieces: readonly string[], stops: readonly string[]): { readonly text: string; readonly isCut: boolean } {
  const cutter = stopCutter(stops);
  const text = pieces.map((piece) => cutter.push(piece)).join("") + cutter.flush();
  return { text, isCut: cutter.isCut };
}

it.each([
  ["no stop text", "abc", [], "abc", false],
  ["an empty stop text", "abc", [""], "abc", false],
  ["one in the middle", "ab</code>c", ["</code>"], "ab", true],
  ["one at the start", "</code>", ["</code>"], "", true],
  ["one that only begins", "ab</cod", ["</code>"], "ab</cod", false],
  ["the one that is complete first", "abcdef", ["abcdef", "cd"], "ab", true],
  ["the longer of two that end together", "abcd", ["d", "bcd"], "a", true],
  ["the longer of two that end together, though it is named first", "abcd", ["bcd", "d"], "a", true],
])("cuts at %s", (_, text, stops, expected, isCut) => {
  expect(cut([text], stops)).toEqual({ text: expected, isCut });
});

it("cuts at the same place however the text is split, and shows nothing that it must take back", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "<"), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 8 }), fc.array(letters, { maxLength: 3 }), (pieces, stops) => {
      const text = pieces.join("");
      expect(cut(pieces, stops)).toEqual(cut([text], stops));
      expect(text.startsWith(cut(pieces, stops).text)).toBe(true);
      for (const stop of stops) if (stop !== "") expect(cut(pieces, stops).text).not.toContain(stop);
    }),
    { numRuns: 2_000 },
  );
});

it("holds back no more than a stop text could need", () => {
  const cutter = stopCutter(["</code>"]);
  expect(cutter.push("print(1) < 2")).toBe("print(1) < 2");
  expect(cutter.push("\n<")).toBe("\n");
  expect(cutter.push("x")).toBe("<x");
});
