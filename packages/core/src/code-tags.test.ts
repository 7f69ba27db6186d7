import { describe, expect, it } from "vitest";
import { closeCode, codeTags, markdownTags, plainAction } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

describe("closeCode", () => {
  it("closes the block that a stop sequence left open", () => {
    expect(closeCode("Thought: x\n<code>\nprint(1)\n", codeTags)).toBe("Thought: x\n<code>\nprint(1)\n</code>");
  });

  it("leaves closed blocks and prose alone", () => {
    expect(closeCode("<code>a</code>", codeTags)).toBe("<code>a</code>");
    expect(closeCode("prose", codeTags)).toBe("prose");
  });
});

describe("plainAction", () => {
  const action = { thought: "I add.", code: "x = 1\nprint(x)" };

  it.each([
    "Thought: I add.\n<code>\nx = 1\nprint(x)\n</code>",
    "Thought: I add.\n<code>\nx = 1\nprint(x)\n",
    "I add.\n\n<code>\nx = 1\nprint(x)\n\n</code>\n",
  ])("reads the form that was asked for: %j", (text) => {
    expect(plainAction(text, codeTags)).toEqual(action);
    expect(parseCode(text, codeTags, "python")).toEqual(action);
  });

  it("reads the fence that was asked for", () => {
    expect(plainAction("Thought: I add.\n```python\nx = 1\nprint(x)\n```", markdownTags("python"))).toEqual(action);
  });

  it.each([
    "print(1)",
    "<code>print(1)</code>",
    "<code>\nprint(1)\n</code>\nObservation: 1",
    "<code>\na()\n</code>\n<code>\nb()\n</code>",
    "<code>\n```python\nprint(1)\n```\n</code>",
    "<code>\npython\nprint(1)\n</code>",
    "<code>\n    print(1)\n</code>",
    "<code>\n>>> print(1)\n</code>",
    "<code>\nprint(1)\nObservation: 1",
    "<code>\nprint(1)<|eot_id|>",
    "<code>\n\n</code>",
    "<think>Or f()\n<code>\nprint(1)\n</code>",
    "analysisOr f()\n<code>\nprint(1)\n</code>",
  ])("leaves to a careful reader: %j", (text) => {
    expect(plainAction(text, codeTags)).toBeUndefined();
  });
});
