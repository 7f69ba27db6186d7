import { describe, expect, it } from "vitest";
import { codeTags } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

/** The name, the text, and the code that must come out (undefined: an error for the model). */
const texts: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  ["a fence of thoughts that don't end", "<think>\nMaybe:\n```python\nwrong()\n```\nhmm wait", undefined],
  ["second thoughts", "<think>\na\n</think>\nI reconsider.\n<think>\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>", "right()"],
  ["thoughts behind a label", "Thought: let me see.\n<think>\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>", "right()"],
  ["marks in mixed case", "<Thinking>\n<code>\nwrong()\n</code>\n</Thinking>\n<code>\nright()\n</code>", "right()"],
  ["thought tag", "<thought>\n<code>\nwrong()\n</code>\n</thought>\n<code>\nright()\n</code>", "right()"],
  ["thoughts tag", "<thoughts>\nfirst <code>wrong()</code>\n</thoughts>\n<code>\nright()\n</code>", "right()"],
  ["reasoning tag", "<reasoning>\n<code>\nwrong()\n</code>\n</reasoning>\n<code>\nright()\n</code>", "right()"],
  ["a reflection", "<reflection>\n<code>\nwrong()\n</code>\n</reflection>\n<code>\nright()\n</code>", "right()"],
  ["a scratchpad", "<scratchpad>\n<code>\nwrong()\n</code>\n</scratchpad>\n<code>\nright()\n</code>", "right()"],
  ["analysis tag", "<analysis>\n<code>\nwrong()\n</code>\n</analysis>\n<code>\nright()\n</code>", "right()"],
  ["marks in brackets", "[THINK]\n<code>\nwrong()\n</code>\n[/THINK]\n<code>\nright()\n</code>", "right()"],
  ["marks in triangles", "◁think▷\n<code>\nwrong()\n</code>\n◁/think▷\n<code>\nright()\n</code>", "right()"],
  [
    "marks that say where they begin",
    "<|begin_of_thought|>\n<code>\nwrong()\n</code>\n<|end_of_thought|>\n<|begin_of_solution|>\n<code>\nright()\n</code>\n<|end_of_solution|>",
    "right()",
  ],
  ["a prefixed mark", "<seed:think>\n<code>\nwrong()\n</code>\n</seed:think>\n<code>\nright()\n</code>", "right()"],
  ["a mark with attributes", '<think duration="3">\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>', "right()"],
  ["thoughts whose beginning the server took, on one line", "I could do <code>wrong()</code>. </think> <code>\nright()\n</code>", "right()"],
  [
    "thoughts whose beginning the server took, before a label",
    "I could use\n<code>\nwrong()\n</code>\n</think> Thought: now\n<code>\nright()\n</code>",
    "right()",
  ],
  ["thoughts that end twice", "<think>\na\n</think>\nb <code>wrong()</code>\n</think>\n<code>\nright()\n</code>", "right()"],
  [
    "thoughts that quote their mark",
    "<think>\nI shall not write `</think>` here.\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>",
    "right()",
  ],
  ["thoughts behind a byte order mark", "﻿<think>\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>", "right()"],
  ["indented thoughts", "  <think>\n  <code>wrong()</code>\n  </think>\n<code>\nright()\n</code>", "right()"],
  [
    "the analysis channel",
    "<|channel|>analysis<|message|>We could <code>\nwrong()\n</code> maybe<|end|><|start|>assistant<|channel|>final<|message|>Thought: go\n<code>\nright()\n</code><|return|>",
    "right()",
  ],
  [
    "the analysis channel behind a head",
    "<|start|>assistant<|channel|>analysis<|message|>hm\n<code>\nwrong()\n</code>\n<|end|><|start|>assistant<|channel|>final<|message|><code>\nright()\n</code>",
    "right()",
  ],
  ["the analysis channel alone", "<|channel|>analysis<|message|>We do <code>\nwrong()\n</code>", undefined],
  [
    "the analysis channel whose marks the server took",
    "analysisWe need to call search. <code>wrong()</code> ok.assistantfinalThought: go\n<code>\nright()\n</code>",
    "right()",
  ],
  [
    "the analysis channel before a fence",
    "<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>```python\nright()\n```<|return|>",
    "right()",
  ],
  ["a mark before what is said", "<|channel|>commentary<|message|>I'll compute it.\n<code>\nright()\n</code><|end|>", "right()"],
  [
    "but a program that holds such marks runs",
    '<code>\ns = """\n<think>\nhm\n</think>\nhi\n"""\nprint(s)\n</code>',
    's = """\n<think>\nhm\n</think>\nhi\n"""\nprint(s)',
  ],
  ["but a block behind thoughts that nothing ends runs", "<think>\nI add <code>x</code>, so:\n<code>\nright()\n", "right()"],
  ["but what follows a word such as thought runs", "thought\nThe user wants this.\n\n<code>\nright()\n</code>", "right()"],
];

describe("what is only thought", () => {
  it.each(texts)("never runs: %s", (_, text, code) => {
    if (code === undefined) expect(() => parseCode(text, codeTags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, codeTags, "python").code).toBe(code);
  });

  it.each(["[Thinking] I add.", "[Thought] I add.", "Thinking: I add.", "<thought>I add."])(
    "is none that nothing ends, but in marks of models: %s",
    (thought) => {
      expect(parseCode(`${thought}\n<code>\nprint(1)\n</code>`, codeTags, "python").code).toBe("print(1)");
    },
  );

  it("is said to be all that there was", () => {
    expect(() => parseCode("<think>\nI call <code>f()", codeTags, "python")).toThrow(/All that you wrote were thoughts/);
  });
});
