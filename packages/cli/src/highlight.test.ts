import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { loadHighlight } from "./highlight.ts";

const program = 'def f(a: int) -> str:\n    """Says <&> "it"."""\n    return f"{a!r} \'x\'"  # 1 < 2 && 3 > 2 &amp; &lt;\n\nprint(f(3.5), None)\n';

it.each(["python", "javascript"] as const)("colours a program in %s, and changes nothing else", async (language) => {
  const highlight = await loadHighlight(language);
  expect(highlight(program)).not.toBe(program);
  expect(stripVTControlCharacters(highlight(program))).toBe(program);
});

it("colours keywords, text, numbers and comments differently", async () => {
  const highlight = await loadHighlight("python");
  expect(highlight('return "x" # y')).toBe('\u001b[35mreturn\u001b[39m \u001b[32m"x"\u001b[39m \u001b[2m# y\u001b[22m');
  expect(highlight("f(12)")).toBe("f(\u001b[33m12\u001b[39m)");
});

it("leaves a very long program uncoloured", async () => {
  const code = "x = 1\n".repeat(5_000);
  expect((await loadHighlight("python"))(code)).toBe(code);
});
