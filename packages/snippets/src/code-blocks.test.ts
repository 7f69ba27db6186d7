import { expect, it } from "vitest";
import { codeBlocks, isTypeScript } from "./code-blocks.ts";

it("finds language, tags, line and code", () => {
  expect(codeBlocks("# Title\n\n```ts run\nconst a = 1;\n\nconst b = 2;\n```\n")).toEqual([
    { language: "ts", tags: ["run"], line: 3, code: "const a = 1;\n\nconst b = 2;\n" },
  ]);
});

it("takes off the indentation of a block in a list", () => {
  expect(codeBlocks("1. first\n\n   ```ts\n   if (a) {\n     b();\n   }\n   ```\n").map((block) => block.code)).toEqual(["if (a) {\n  b();\n}\n"]);
});

it("reads a block within a longer fence as text", () => {
  expect(codeBlocks("````md\n```ts\nlet x\n```\n````\n").filter(isTypeScript)).toEqual([]);
});

it("takes tildes and Windows line ends", () => {
  expect(codeBlocks("~~~typescript\r\nlet x = 1;\r\n~~~\r\n").map((block) => [isTypeScript(block), block.code])).toEqual([[true, "let x = 1;\n"]]);
});

it("does not read inline code as a fence", () => {
  expect(codeBlocks("Use ```ts``` for it.\n```not a fence``` either\n")).toEqual([]);
});

it("refuses a block without an end", () => {
  expect(() => codeBlocks("```ts\nlet x\n")).toThrow(/line 1 is never closed/);
});
