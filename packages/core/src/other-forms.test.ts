import { describe, expect, it } from "vitest";
import { codeTags } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

/** The name, the text, and the code that must come out (undefined: an error for the model). */
const texts: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  ["tag with space", "<code >\nprint(1)\n</code >", "print(1)"],
  ["tag inner space", "< code >\nprint(1)\n</ code >", "print(1)"],
  ["Close tag space", "<code>\nprint(1)\n</code >", "print(1)"],
  ["close with backslash", "<code>\nprint(1)\n<\\code>", "print(1)"],
  ["close slash end", "<code>\nprint(1)\n<code/>", "print(1)"],
  ["escaped", "&lt;code&gt;\nprint(1 &lt; 2 &amp;&amp; True)\n&lt;/code&gt;", "print(1 < 2 && True)"],
  ["escaped tags only", 'Thought: x\n&lt;code&gt;\nprint("a")\n&lt;/code&gt;', 'print("a")'],
  ["python tag", "<python>\nprint(1)\n</python>", "print(1)"],
  ["tool_code tag", "<tool_code>\nprint(1)\n</tool_code>", "print(1)"],
  ["execute tag", "<execute>\nprint(1)\n</execute>", "print(1)"],
  ["execute_ipython", "<execute_ipython>\nprint(1)\n</execute_ipython>", "print(1)"],
  ["PYTHON brackets", "[PYTHON]\nprint(1)\n[/PYTHON]", "print(1)"],
  ["python_tag", "<|python_tag|>print(1)<|eom_id|>", "print(1)"],
  ["python_tag lines", "<|python_tag|>x = 1\nprint(x)<|eot_id|>", "x = 1\nprint(x)"],
  ["python_tag json", '<|python_tag|>{"name": "search", "parameters": {"query": "a"}}<|eom_id|>', undefined],
  [
    "harmony commentary python",
    "<|channel|>analysis<|message|>compute<|end|><|start|>assistant<|channel|>commentary to=python code<|message|>right()<|call|>",
    "right()",
  ],
  ["harmony analysis to python", "<|channel|>analysis to=python code<|message|>x = 2\nprint(x)<|call|>", "x = 2\nprint(x)"],
  ["structured json in code agent", '{"thought": "t", "code": "print(1)"}', "print(1)"],
  ["structured json whose thought is no text", '{"thought": {"toString": 1}, "code": "print(1)"}', "print(1)"],
  ["structured json fenced", '```json\n{"thought": "t", "code": "print(1)"}\n```', "print(1)"],
  ["tool call python", '<tool_call>\n{"name": "python", "arguments": {"code": "print(1)"}}\n</tool_call>', "print(1)"],
  ["tool call python_interpreter", '{"name": "python_interpreter", "arguments": {"code": "print(1)\\nx=2"}}', "print(1)\nx=2"],
  [
    "calling tools echo",
    "Calling tools:\n[{'id': 'call_2', 'type': 'function', 'function': {'name': 'python_interpreter', 'arguments': 'print(1)'}}]",
    "print(1)",
  ],
  [
    "claude invoke python",
    '<function_calls>\n<invoke name="python">\n<parameter name="code">print(1)</parameter>\n</invoke>\n</function_calls>',
    "print(1)",
  ],
  ["tool call search", '<tool_call>\n{"name": "search", "arguments": {"query": "x"}}\n</tool_call>', undefined],
  ["react in code agent", 'Thought: t\nAction: search\nAction Input: {"query": "a"}', undefined],
  ["claude invoke", '<function_calls>\n<invoke name="search">\n<parameter name="query">a</parameter>\n</invoke>\n</function_calls>', undefined],
  ["final_answer: 42", "final_answer: 42", undefined],
  ["boxed", "So \\boxed{42}", undefined],
  ["xml answer", "<answer>42</answer>", undefined],
];

describe("forms that nobody asked for", () => {
  it.each(texts)("are read: %s", (_, text, code) => {
    if (code === undefined) expect(() => parseCode(text, codeTags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, codeTags, "python").code).toBe(code);
  });

  it.each(["final_answer(42)", "Thought: I know it.\nfinal_answer(42)"])("are read: an answer as the last line of %j", (text) => {
    expect(parseCode(text, codeTags, "python").code).toBe("final_answer(42)");
  });

  it.each([
    '<code>\n{"name": "search", "arguments": {"query": "a"}}\n</code>',
    '<code>\n<tool_call>{"name": "search", "arguments": {"query": "a"}}</tool_call>\n</code>',
    '```python\n[{"name": "search", "arguments": {"query": "a"}}]\n```',
  ])("are calls as data also where code is due: %j", (text) => {
    expect(() => parseCode(text, codeTags, "python")).toThrow('<code>\nsearch(query="a")\n</code>');
  });

  it("are programs that begin with data", () => {
    const code = '{"name": "x", "rows": [{"a": 1}]}';
    expect(parseCode(`<code>\n${code}\n</code>`, codeTags, "python").code).toBe(code);
    expect(parseCode("<code>\nprint(1)\n<end_code>\n</code>", codeTags, "python").code).toBe("print(1)");
  });

  it.each(["I would call final_answer(42) now.", "Observation: 42\nfinal_answer(42)"])("are none: %j", (text) => {
    expect(() => parseCode(text, codeTags, "python")).toThrow(/holds no code/);
  });

  it("show how a call that was written as JSON is written as code", () => {
    const text = '<tool_call>\n{"name": "search", "arguments": {"query": "a\\nb", "deep": true, "tags": [null]}}\n</tool_call>';
    expect(() => parseCode(text, codeTags, "python")).toThrow('<code>\nsearch(query="a\\nb", deep=True, tags=[None])\n</code>');
  });

  it.each(["\u200B<code>\u200B\nprint(1)\n\u200B</code>", "\u00A0<code>\n\u2060print(1)\n</code>"])(
    "are read without signs that nobody sees: %j",
    (text) => {
      expect(parseCode(text, codeTags, "python").code).toBe("print(1)");
    },
  );

  it("are read with spaces that break no lines as indentation", () => {
    expect(parseCode("<code>\nif x:\n\u00A0\u00A0y()\n</code>", codeTags, "python").code).toBe("if x:\n  y()");
  });
});
