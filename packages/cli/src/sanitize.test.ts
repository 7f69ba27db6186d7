import { describe, expect, it } from "vitest";
import { sanitize, sanitizeLine } from "./sanitize.ts";

const esc = "\u001b";

describe("sanitize removes", () => {
  it.each([
    ["a colour", `${esc}[31mred${esc}[0m`, "red"],
    ["cursor movement and erasure", `safe${esc}[2K${esc}[1A${esc}[Gevil`, "safeevil"],
    ["a private mode", `${esc}[?1049hfull${esc}[?25l`, "full"],
    ["a window title (OSC, BEL)", `${esc}]0;owned\u0007text`, "text"],
    ["a clipboard write (OSC 52, ST)", `${esc}]52;c;ZXZpbA==${esc}\\text`, "text"],
    ["a link's target (OSC 8)", `${esc}]8;;https://evil.example${esc}\\click${esc}]8;;${esc}\\`, "click"],
    ["a device control string", `${esc}P+q544e${esc}\\text`, "text"],
    ["an application command", `${esc}_Gf=100;AAAA${esc}\\text`, "text"],
    ["8-bit CSI", "\u009b31mred", "red"],
    ["8-bit OSC", "\u009d0;owned\u009ctext", "text"],
    ["a full reset", `${esc}ctext`, "text"],
    ["a character set", `${esc}(0lqqk`, "lqqk"],
    ["backspaces", "rm -rf\b\b\b\b\b\bls", "rm -rfls"],
    ["NUL, BEL, DEL", "a\u0000b\u0007c\u007fd", "abcd"],
    ["a lone escape character", `text${esc}`, "text"],
    ["an unfinished title's introducer, but not the text behind it", `${esc}]0;never ended`, "0;never ended"],
    ["bidirectional overrides", "access \u202elevel\u202c \u2066x\u2069", "access level x"],
    ["invisible characters", "a\u200bb\u2060c\ufeffd\u{e0041}e", "abcde"],
    ["nested sequences, which leave none behind", `${esc}${esc}[31m[32mx`, "32mx"],
  ])("%s", (_, text, expected) => {
    expect(sanitize(text)).toBe(expected);
  });
});

describe("sanitize keeps", () => {
  it.each([
    ["text of any script", "Größe 東京 עברית 👩‍🔬"],
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

it("leaves no control character in any text of random bytes", () => {
  for (let round = 0; round < 500; round++) {
    const codes = Array.from(
      { length: 60 },
      () => [0x1b, 0x5b, 0x5d, 0x07, 0x9b, Math.floor(Math.random() * 0x100)][Math.floor(Math.random() * 6)] ?? 0,
    );
    expect(sanitize(String.fromCharCode(...codes))).not.toMatch(/[^\P{Cc}\n]/u);
  }
});

it.each([`${esc}]`, `${esc}[`, `${esc}]${esc}[`, "\u009b0", `${esc}P0`, " ", "\r"])("stays fast on a flood of %j", (piece) => {
  const start = performance.now();
  sanitize(piece.repeat(200_000));
  expect(performance.now() - start).toBeLessThan(2_000);
});

it("sanitizeLine joins lines", () => {
  expect(sanitizeLine("a\n  b\r\nc")).toBe("a b c");
});

it.each([
  ["one\ntwo", "one two"],
  ["one  \n\n  two \n three", "one two three"],
  ["  one\n", "  one"],
  ["\n one", "one"],
])("%j on one line is %j", (text, line) => {
  expect(sanitizeLine(text)).toBe(line);
});

it("takes no time over a million spaces", () => {
  const startedAt = performance.now();
  sanitizeLine(" ".repeat(1_000_000));
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
