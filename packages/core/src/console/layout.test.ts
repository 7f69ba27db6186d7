import { expect, it } from "vitest";
import { block, codeBlock, heading, markedBlock } from "./layout.ts";
import { createView } from "./view.ts";

it("drops line ends at the end of a text only", () => {
  expect(block("\na\n\nb\n\n", "> ", createView())).toBe(">\n> a\n>\n> b\n");
});

it("puts a mark before the first row and indents the others", () => {
  expect(markedBlock("→", "one\n\ntwo", createView())).toBe("  → one\n\n    two\n");
});

it.each([
  ["Answer", 20, "Answer ─────────────\n"],
  ["Limit reached: steps", 20, "Limit reached:\nsteps ──────────────\n"],
])("rules off %j", (title, width, expected) => {
  expect(heading(title, createView({ width }))).toBe(expected);
});

it("colours each row of a long token by itself", () => {
  const view = createView({ width: 12, colour: true });
  expect(codeBlock('x = "abcdefgh"\n', "    ", view)).toBe('    x = \u001b[32m"abc\u001b[39m\n    \u001b[32mdefgh"\u001b[39m\n');
  expect(codeBlock('"""a\n\nb"""', "    ", view)).toBe('    \u001b[32m"""a\u001b[39m\n\n    \u001b[32mb"""\u001b[39m\n');
});
