import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { cutToWidth, fitText, textWidth } from "./text-width.ts";

describe("textWidth", () => {
  it.each([
    "plain",
    "Größe",
    "東京タワー",
    "한국어",
    "ｆｕｌｌ",
    "ﾊﾝｶｸ",
    "👩‍🔬🇯🇵👍🏽",
    "❤️ and ❤",
    "1️⃣",
    "e\u0301",
    "नमस्ते",
    "─│→✗…",
    "",
    "𠮷野家",
    "עברית",
    "⚠️⚡☃",
  ])("of %j is what a terminal shows", (text) => {
    expect(textWidth(text)).toBe(stringWidth(text));
  });

  it("agrees with the Unicode tables about each character, or takes it for wider", () => {
    const narrower: string[] = [];
    const wider: string[] = [];
    for (let code = 0x20; code <= 0x20fff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const isIdeograph = (code >= 0x3400 && code <= 0xd7ff) || (code >= 0x17000 && code <= 0x18cff) || code >= 0x20000;
      if (isIdeograph && code % 16 > 0) continue; // one like the other
      const character = String.fromCodePoint(code);
      const difference = textWidth(character) - stringWidth(character);
      if (difference !== 0) (difference < 0 ? narrower : wider).push(code.toString(16));
    }
    expect(narrower).toEqual([]);
    expect(wider.length).toBeLessThan(2_000); // unassigned ones within a wide block, for the most part
  });
});

describe("cutToWidth", () => {
  it.each<[string, number, number, string[]]>([
    ["abcdef", 4, 4, ["abcd", "ef"]],
    ["abcdef", 4, 1, ["a", "bcde", "f"]],
    ["abcdef", 4, 0, ["", "abcd", "ef"]],
    ["東京都", 3, 3, ["東", "京", "都"]],
    ["👩‍🔬👩‍🔬", 2, 2, ["👩‍🔬", "👩‍🔬"]],
    ["", 4, 4, [""]],
    ["宽", 1, 1, ["", "宽"]],
  ])("cuts %j to %i columns, and %i first", (text, columns, first, pieces) => {
    expect(cutToWidth(text, columns, first)).toEqual(pieces);
  });
});

it.each([
  ["short", 5, "short"],
  ["longer", 5, "long…"],
  ["東京タワー", 6, "東京…"],
  ["ab", 1, "…"],
])("fitText makes %j fit into %i columns", (text, columns, fitted) => {
  expect(fitText(text, columns)).toBe(fitted);
});
