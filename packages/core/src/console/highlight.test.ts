import { describe, expect, it } from "vitest";
import { highlight, type Language } from "./highlight.ts";

const programs: Readonly<Record<Language, string>> = {
  python:
    '@cached\ndef f(a: int) -> str:\n    """Says <&> "it".\n\n    Twice."""\n    return f"{a!r} \'x\'"  # 1 < 2\n\nprint(f(3.5e3), None, \'it\\\'s\', r"\\d")\nnew = "unfinished\nüber = 0xff',
  javascript: "class A extends B { f = `a ${1 + 1}\n` } // it's\n/* two\nlines */ const x = 'it\\'s' + \"y\" + 12n;",
};

const coloured = (code: string, language: Language): string[] =>
  highlight(code, language)
    .filter(({ colour }) => colour !== undefined)
    .map(({ text, colour }) => `${colour} ${text}`);

describe.each(["python", "javascript"] as const)("highlight of %s", (language) => {
  it("loses nothing of a program", () => {
    const joined = highlight(programs[language], language).map(({ text }) => text);
    expect(joined.join("")).toBe(programs[language]);
  });

  it.each(['"""', "'", "`", "/*", "//", "@", "\\", '"\\'])("loses nothing of a flood of %s", (piece) => {
    const code = piece.repeat(6_000);
    const joined = highlight(code, language).map(({ text }) => text);
    expect(joined.join("")).toBe(code);
  });
});

it("tells the parts of Python apart", () => {
  expect(coloured(programs.python, "python")).toEqual([
    "blue @cached",
    "magenta def",
    "blue f",
    "cyan int",
    "cyan str",
    'green """Says <&> "it".\n\n    Twice."""',
    "magenta return",
    "green f\"{a!r} 'x'\"",
    "dim # 1 < 2",
    "cyan print",
    "yellow 3.5e3",
    "magenta None",
    "green 'it\\'s'",
    'green r"\\d"',
    'green "unfinished',
    "yellow 0xff",
  ]);
});

it("tells the parts of JavaScript apart", () => {
  expect(coloured(programs.javascript, "javascript")).toEqual([
    "magenta class",
    "blue A",
    "magenta extends",
    "green `a ${1 + 1}\n`",
    "dim // it's",
    "dim /* two\nlines */",
    "magenta const",
    "green 'it\\'s'",
    'green "y"',
    "yellow 12n",
  ]);
});

it("leaves a very long program uncoloured", () => {
  const code = "x = 1\n".repeat(5_000);
  expect(highlight(code, "python")).toEqual([{ text: code }]);
});
