import { describe, expect, it } from "vitest";
import { type CodeTags, codeTags, type Language, plainAction } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

/** Programs that hold what means something outside of them. */
const python: readonly (readonly [name: string, program: string])[] = [
  ["tags in a text", 'html = "<code>a</code>"\nprint(html)'],
  ["a closing tag in quotes", 'print("</code>")\nprint(2)'],
  ["a mark of a template", 'parts = text.split("<|endoftext|>")\nprint(parts)'],
  ["a template", 'p = "<|im_start|>user\\nHi<|im_end|>\\n"\nprint(p)'],
  ["instruction marks", 'p = "[INST] hi [/INST]"\nprint(p)'],
  ["a label in a text", 'p = """Form:\nThought: your reasoning\nCode: x\n"""\nprint(p)'],
  ["an outcome in a text", 'p = """Form:\nObservation: what you saw\n"""\nprint(p)'],
  ["thoughts in a text", 'p = """<think>foo</think>\nbar"""\nprint(p)'],
  ["thoughts in a comment", "# strip <think>a</think>\nprint(1)"],
  ["thoughts behind tags in a text", 'h = "<code>x</code>"\np = """\n<thought>\nfoo\n</thought>\nbar"""\nprint(p)'],
  ["a head behind tags in a text", 'h = "<code>x</code>"\np = "<|im_start|>assistant"\nprint(p)'],
  ["data before statements", '{"name": "a", "input": 1}\nx = 2'],
];
const javascript: readonly (readonly [name: string, program: string])[] = [
  ["an example in a comment", "/**\n * Adds.\n * ```js\n * add(1, 2)\n * ```\n */\nfunction add(a, b) { return a + b }\nfinal_answer(add(1, 2))"],
  ["a fence in a comment", "/*\n```js\nadd(1, 2)\n```\n*/\nfinal_answer(3)"],
  ["a list of objects", '[{ name: "Paris", input: 1 }].forEach((city) => console.log(city.name))'],
  ["a block", '{\n  const call = { name: "a", arguments: {} };\n  console.log(call);\n}'],
];

const read = (text: string, tags: CodeTags, language: Language): string => (plainAction(text, tags) ?? parseCode(text, tags, language)).code;

describe.each<readonly [language: Language, programs: typeof python]>([
  ["python", python],
  ["javascript", javascript],
])("a program in %s", (language, programs) => {
  it.each(programs)("runs whole, whether its closing tag is there or has stopped the model: %s", (_, program) => {
    const open = `Thought: I do it.\n${codeTags.open}\n${program}`;
    expect(read(open, codeTags, language)).toBe(program);
    expect(read(`${open}\n${codeTags.close}`, codeTags, language)).toBe(program);
  });
});

it("a program between tags of the user's keeps what looks like thoughts", () => {
  const tags = { open: "<py>", close: "</py>" };
  const program = 'p = """\n<thought>\nx\n</thought>\n<think>\ny"""\nprint(p)';
  expect(read(`<py>\n${program}\n</py>`, tags, "python")).toBe(program);
});

it("runs a block again that is written again later, and once where it is only repeated", () => {
  const block = (code: string): string => `<code>\n${code}\n</code>\n`;
  expect(read(block("a()") + block("b()") + block("a()"), codeTags, "python")).toBe("a()\n\nb()\n\na()");
  expect(read(block("a()") + block("a()"), codeTags, "python")).toBe("a()");
});

it("runs no half of a program without tags", () => {
  expect(() => read("x = 40 + 2\nfinal_answer(x)", codeTags, "python")).toThrow("no code between");
  expect(read("It is done.\nfinal_answer(42)", codeTags, "python")).toBe("final_answer(42)");
});

it("shows JavaScript's models a call in JavaScript", () => {
  const text = '{"name": "search", "arguments": {"query": "a", "deep": true}}';
  expect(() => read(text, codeTags, "javascript")).toThrow('await search("a", true)');
  expect(() => read(text, codeTags, "python")).toThrow('search(query="a", deep=True)');
});
