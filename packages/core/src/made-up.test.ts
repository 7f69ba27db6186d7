import { describe, expect, it } from "vitest";
import { codeTags } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

/** The name, the text, and the code that must come out (undefined: an error for the model). */
const texts: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  ["output fence after", "```python\nprint(1)\n```\n\nOutput:\n```\n1\n```\n```python\nfinal_answer(1)\n```", "print(1)"],
  ["output label fence", "```python\nprint(1)\n```\n```output\n1\n```\n```python\nfinal_answer(1)\n```", "print(1)"],
  [
    "tool_outputs fence",
    '```tool_code\nprint(search("a"))\n```\n```tool_outputs\nfoo\n```\n```tool_code\nfinal_answer("foo")\n```',
    'print(search("a"))',
  ],
  ["an observation: bold2", "<code>\nx = f()\n</code>\n**Observation**: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: heading", "<code>\nx = f()\n</code>\n### Observation\n5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: lower", "<code>\nx = f()\n</code>\nobservation: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: plural", "<code>\nx = f()\n</code>\nObservations: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: tag", "<code>\nx = f()\n</code>\n<observation>\n5\n</observation>\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: bracket", "<code>\nx = f()\n</code>\n[Observation]\n5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: numbered", "<code>\nx = f()\n</code>\nObservation 1: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: output label", "<code>\nx = f()\n</code>\nOutput: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: exec logs", "<code>\nx = f()\n</code>\nExecution logs:\n5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: last output", "<code>\nx = f()\n</code>\nLast output from code snippet:\n5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: tool response", "<code>\nx = f()\n</code>\n<tool_response>\n5\n</tool_response>\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  [
    "an observation: user turn",
    "<code>\nx = f()\n</code>\n<|im_end|>\n<|im_start|>user\nObservation: 5<|im_end|>\n<|im_start|>assistant\n<code>\nfinal_answer(5)\n</code>",
    "x = f()",
  ],
  [
    "an observation: user turn no word",
    "<code>\nx = f()\n</code><|im_end|>\n<|im_start|>user\n5<|im_end|>\n<|im_start|>assistant\n<code>\nfinal_answer(5)\n</code>",
    "x = f()",
  ],
  [
    "an observation: llama turn",
    "<code>\nx = f()\n</code><|eot_id|><|start_header_id|>user<|end_header_id|>\n\n5<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n<code>\nfinal_answer(5)\n</code>",
    "x = f()",
  ],
  ["an observation: Human turn", "<code>\nx = f()\n</code>\n\nHuman: Observation: 5\n\nAssistant: <code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: user: ", "<code>\nx = f()\n</code>\nUser: 5\nAssistant:\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: indented", "<code>\nx = f()\n</code>\n  Observation: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: quoted", "<code>\nx = f()\n</code>\n> Observation: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: same line", "<code>\nx = f()\n</code> Observation: 5\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["an observation: then new task", '<code>\nfinal_answer(5)\n</code>\nTask: "Now do more"\n<code>\nsend()\n</code>', "final_answer(5)"],
  ["an observation: then New task", "<code>\nfinal_answer(5)\n</code>\n---\nNew task:\ndo more\n<code>\nsend()\n</code>", "final_answer(5)"],
  ["an observation: in unclosed bold", "<code>\nx = f()\n**Observation:** 5", "x = f()"],
  ["an observation: in unclosed fence", "```python\nx = f()\nObservation: 5\nThought: so", "x = f()"],
  ["thought after unclosed", "<code>\nx = f()\n\nThought: now I have it\n<code>\nfinal_answer(x)\n</code>", "x = f()\n\nfinal_answer(x)"],
  ["end mark mid, next turn", "<code>\nprint(1)\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n5", "print(1)"],
  ["end mark mid unclosed, im_end", "<code>\nprint(1)\n<|im_end|>\n<|im_start|>user\nObservation: 3", "print(1)"],
  ["end_of_turn", "<code>\nprint(1)\n<end_of_turn>", "print(1)"],
  ["gemma turn", "<code>\nx = f()\n</code><turn|>\n<|turn>user\n5<turn|>\n<|turn>model\n<code>\nfinal_answer(5)\n</code>", "x = f()"],
  ["gemma end of turn", "<code>\nprint(1)\n<turn|>", "print(1)"],
  ["deepseek eos", "<code>\nprint(1)\n<｜end▁of▁sentence｜>", "print(1)"],
];

describe("what a model makes up", () => {
  it.each([
    "Output the final answer.",
    "Result is next; now I log it.",
    "Results look good",
    "Log it and go on:",
    "The users: all",
    "Task 2: print it",
  ])("is not what introduces the next block: %s", (text) => {
    const answer = `<code>\na = 1\n</code>\n${text}\n<code>\nprint(a)\n</code>`;
    expect(parseCode(answer, codeTags, "python").code).toBe("a = 1\n\nprint(a)");
  });

  it.each(["\n", " \n", "> ", "output\n", "tool ", "<|", "- Output "])("is looked for in time in a flood of %j", (piece) => {
    const startedAt = performance.now();
    parseCode(`<code>\na()\n</code>\n${piece.repeat(500_000 / piece.length)}\n<code>\nb()\n</code>`, codeTags, "python");
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it.each(texts)("ends before %s", (_, text, code) => {
    if (code === undefined) expect(() => parseCode(text, codeTags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, codeTags, "python").code).toBe(code);
  });
});
