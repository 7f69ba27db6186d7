import { describe, expect, it } from "vitest";
import { sanitize, sanitizeLine } from "./sanitize.ts";

const esc = "\u001b";

describe("sanitize makes visible", () => {
  it.each([
    ["a colour", `${esc}[31mred${esc}[0m`, "␛[31mred␛[0m"],
    ["cursor movement and erasure", `safe${esc}[2K${esc}[1A${esc}[Gevil`, "safe␛[2K␛[1A␛[Gevil"],
    ["a window title (OSC, BEL)", `${esc}]0;owned\u0007text`, "␛]0;owned␇text"],
    ["a clipboard write (OSC 52, ST)", `${esc}]52;c;ZXZpbA==${esc}\\text`, "␛]52;c;ZXZpbA==␛\\text"],
    ["a link's target (OSC 8)", `${esc}]8;;https://evil.example${esc}\\click`, "␛]8;;https://evil.example␛\\click"],
    ["8-bit CSI", "\u009b31mred", "<U+009B>31mred"],
    ["8-bit OSC", "\u009d0;owned\u009ctext", "<U+009D>0;owned<U+009C>text"],
    ["backspaces", "rm -rf\b\bls", "rm -rf␈␈ls"],
    ["NUL, BEL, DEL", "a\u0000b\u0007c\u007fd", "a␀b␇c␡d"],
    ["bidirectional overrides", "access \u202elevel\u202c \u2066x\u2069", "access <U+202E>level<U+202C> <U+2066>x<U+2069>"],
    ["invisible characters", "a\u200bb\u2060c\ufeffd\u{e0041}e", "a<U+200B>b<U+2060>c<U+FEFF>d<U+E0041>e"],
  ])("%s", (_, text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });
});

describe("sanitize keeps", () => {
  it.each([
    ["text of any script", "Größe 東京 עברית 👩‍🔬 ❤️"],
    ["line breaks and indentation", "def f():\n    return 1\n"],
    ["what only looks like a sequence", "list[31m] ]0;x"],
  ])("%s", (_, text) => {
    expect(sanitize(text)).toBe(text);
  });
});

describe("sanitize turns", () => {
  it.each([
    ["a carriage return into a line break", "10 %\r20 %\r\nend", "10 %\n20 %\nend"],
    ["other line separators into line breaks", "a\u2028b\u0085c\fd", "a\nb\nc\nd"],
    ["a tab into spaces", "a\tb", "a    b"],
    ["half a surrogate pair into a mark", "a\ud83db", "a\ufffdb"],
  ])("%s", (_, text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });
});

it("leaves no control character and nothing that is ignored, but what joins emoji and chooses their look", () => {
  for (let code = 0; code <= 0xe0fff; code++) {
    if (code === 0x20000) code = 0xe0000; // ideographs and nothing
    const shown = sanitize(String.fromCodePoint(code));
    if (/[^\P{Cc}\n]/u.test(shown) || (/\p{Default_Ignorable_Code_Point}/u.test(shown) && !/\u200c|\u200d|[\ufe00-\ufe0f]/u.test(shown)))
      expect.fail(`U+${code.toString(16)} is shown as ${JSON.stringify(shown)}`);
  }
});

it.each([
  ["a\n  b\r\nc", "a b c"],
  ["one\ntwo", "one two"],
  ["one  \n\n  two \n three", "one two three"],
  ["  one\n", "  one"],
  ["\n one", "one"],
])("%j on one line is %j", (text, line) => {
  expect(sanitizeLine(text)).toBe(line);
});

it("copes with a million spaces", () => {
  expect(sanitizeLine(" ".repeat(1_000_000))).toHaveLength(1_000_000);
});
