import { describe, expect, it } from "vitest";
import { codeTags, markdownTags } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

const fence = "```";
const none = undefined;

/** What models really write: a name, the text, and the code that must come out (undefined: an error for the model). */
const misbehaviours: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  // Well-behaved, and nearly so.
  ["the asked form", "Thought: x\n<code>\nprint(1)\n</code>", "print(1)"],
  ["no line breaks", "<code>print(1)</code>", "print(1)"],
  ["cut at the closing tag", "Thought: x\n<code>\nprint(1)\n", "print(1)"],
  ["no thought", "<code>\nx = 1\nx\n</code>", "x = 1\nx"],
  ["text after the block", "<code>\nx\n</code>\nObservation: 3\nThe answer is 3.", "x"],
  ["upper-case tags", "<CODE>\nprint(1)\n</CODE>", "print(1)"],
  ["indented code keeps its indentation", "<code>\nif x:\n    y()\n</code>", "if x:\n    y()"],
  ["CRLF", "Thought: a\r\n<code>\r\nprint(1)\r\n</code>", "print(1)"],
  ["a leading byte order mark", "\uFEFF<code>\nprint(1)\n</code>", "print(1)"],
  ["blank lines around", "<code>\n\n\nprint(1)\n\n\n</code>", "print(1)"],
  // Several blocks.
  ["two blocks", "<code>a = 1</code> then <code>b = 2</code>", "a = 1\n\nb = 2"],
  [
    "ten blocks",
    Array.from({ length: 10 }, (_, i) => `<code>a${i} = ${i}</code>`).join("\n"),
    Array.from({ length: 10 }, (_, i) => `a${i} = ${i}`).join("\n\n"),
  ],
  ["the last of two unclosed", "<code>a = 1</code>\n<code>b = 2", "a = 1\n\nb = 2"],
  ["an empty first block", "<code></code><code>b = 2</code>", "b = 2"],
  ["a block and a fence: the tags win", `<code>a</code>\n${fence}python\nb\n${fence}`, "a"],
  // Fences inside the tags.
  ["a python fence in the tags", `<code>\n${fence}python\nprint(1)\n${fence}\n</code>`, "print(1)"],
  ["a py fence in the tags", `<code>\n${fence}py\nprint(1)\n${fence}\n</code>`, "print(1)"],
  ["an unlabelled fence in the tags", `<code>\n${fence}\nprint(1)\n${fence}\n</code>`, "print(1)"],
  ["an unclosed fence in the tags", `<code>\n${fence}python\nprint(1)\n</code>`, "print(1)"],
  ["a fence and an unclosed tag", `<code>\n${fence}python\nprint(1)\n${fence}`, "print(1)"],
  // Markdown instead of tags.
  ["a python fence", `I'll print.\n${fence}python\nprint(1)\n${fence}`, "print(1)"],
  ["a py fence", `${fence}py\nprint(1)\n${fence}`, "print(1)"],
  ["a python3 fence", `${fence}python3\nprint(1)\n${fence}`, "print(1)"],
  ["a Python fence with a capital", `${fence}Python\nprint(1)\n${fence}`, "print(1)"],
  ["a fence with attributes", `${fence}python title="x"\nprint(1)\n${fence}`, "print(1)"],
  ["a fence with tildes", "~~~python\nprint(1)\n~~~", "print(1)"],
  ["a fence of four backticks", `${fence}\`python\nprint("${fence}")\n${fence}\``, `print("${fence}")`],
  ["an indented fence", `1. do:\n  ${fence}python\n  if x:\n    y()\n  ${fence}`, "if x:\n  y()"],
  ["an unclosed fence", `${fence}python\nprint(1)`, "print(1)"],
  ["two fences", `${fence}python\na = 1\n${fence}\nand\n${fence}python\nb = 2\n${fence}`, "a = 1\n\nb = 2"],
  ["a labelled fence beside a text fence", `${fence}text\nhello(1)\n${fence}\n${fence}python\nb = 2\n${fence}`, "b = 2"],
  ["an unlabelled fence with code", `${fence}\nresult = search("x")\n${fence}`, 'result = search("x")'],
  ["an unlabelled fence with an import", `${fence}\nimport math\nmath.pi\n${fence}`, "import math\nmath.pi"],
  // Not code.
  ["nothing", "", none],
  ["white space", " \n\t\n ", none],
  ["a plain answer", "The capital of France is Paris.", none],
  ["a refusal", "I'm sorry, but I can't help with that.", none],
  ["prose that parses as Python", "yes", none],
  ["a number", "42", none],
  ["a quoted string", '"Paris"', none],
  ["a sentence of names", "hello and goodbye or maybe", none],
  ["a final answer in prose", "Final answer: 42", none],
  ["a call in prose", "You should call final_answer(42) now.", none],
  ["a thought alone", "Thought: I need to search the web first.", none],
  ["empty tags", "<code></code>", none],
  ["tags with white space", "<code>\n  \n</code>", none],
  ["an open tag at the very end", "Thought: now\n<code>", none],
  ["a closing tag alone", "print(1)\n</code>", none],
  ["tags quoted in prose", "Write it between `<code>` and `</code>` tags.", none],
  ["a JSON tool call", '{"name": "search", "arguments": {"query": "x"}}', none],
  ["a JSON fence", `${fence}json\n{"answer": 42}\n${fence}`, none],
  ["a shell fence", `${fence}bash\npip install x\n${fence}`, none],
  ["a JavaScript fence", `${fence}javascript\nconsole.log(1)\n${fence}`, none],
  ["an unlabelled fence with a table", `${fence}\n| a | b |\n|---|---|\n${fence}`, none],
  ["an unlabelled fence with prose", `${fence}\nParis is the capital\n${fence}`, none],
  ["a hallucinated observation", "Observation: the result is 5", none],
  ["an XML tool call", "<tool_call>search</tool_call>", none],
  ["endless repetition", "I will search. ".repeat(2_000), none],
  // Traps inside code.
  ["a closing tag in a string", '<code>\nprint("</code>")\nx = 1\n</code>', 'print("</code>")\nx = 1'],
  ["an opening tag in a string", '<code>\nhtml = "<code>"\nprint(html)\n</code>', 'html = "<code>"\nprint(html)'],
  ["a fence in a string", `<code>\nmd = "${fence}"\n</code>`, `md = "${fence}"`],
  ["Observation in a string", '<code>\nprint("Observation:")\n</code>', 'print("Observation:")'],
  ["a comparison that looks like a tag", "<code>\nx = 1 <code_length\n</code>", "x = 1 <code_length"],
  ["letters that grow in lower case", "İİİstanbul\n<code>\nprint(1)\n</code>", "print(1)"],
  ["unicode", "<code>\nprint('é漢🎉')\n</code>", "print('é漢🎉')"],
  ["quoted tags in the thought before the block", "I use `<code>` here.\n<code>\nprint(1)\n</code>", "print(1)"],
  ["code that is only a comment", "<code>\n# nothing to do\n</code>", "# nothing to do"],
  ["a closing tag in a comment", "<code>\n# use </code> to end\nprint(1)\n</code>", "# use </code> to end\nprint(1)"],
  ["both tags in a text", '<code>\nhtml = f"<code>{x}</code>"\nprint(html)\n</code>', 'html = f"<code>{x}</code>"\nprint(html)'],
  ["both tags in a pattern", "<code>\nre.findall(r'<code>(.*?)</code>', page)\n</code>", "re.findall(r'<code>(.*?)</code>', page)"],
  [
    "both tags on lines of a text",
    '<code>\nhtml = """\n<pre><code>\nx\n</code></pre>\n"""\nprint(html)\n</code>',
    'html = """\n<pre><code>\nx\n</code></pre>\n"""\nprint(html)',
  ],
  ["an observation on a line of a text", '<code>\ntext = """\nObservation: x\n"""\n</code>', 'text = """\nObservation: x\n"""'],
  ["a mark of thoughts before an escape", '<code>\nt.split("</think>\\n")[-1]\n</code>', 't.split("</think>\\n")[-1]'],
  ["a mark of thoughts in a pattern", '<code>\nre.sub(r"</think>\\s*", "", t)\n</code>', 're.sub(r"</think>\\s*", "", t)'],
  ["a mark of thoughts before a blank", '<code>\n"</think> " in t\n</code>', '"</think> " in t'],
  ["a mark of thoughts in a text", "<code>\nt.split('</think>')[-1]\n</code>", "t.split('</think>')[-1]"],
  // Prose about the tags.
  ["a tag in prose before the block", "I will write it in <code> tags.\n\n<code>\nprint(1)\n</code>", "print(1)"],
  ["both tags in prose before the block", "(between <code> and </code>)\n<code>\nx = 1\n</code>", "x = 1"],
  ["tags in curly quotes before the block", "Use “<code>” to open.\n<code>\nx = 1\n</code>", "x = 1"],
  // What models think aloud, and what they make up.
  ["a block that was only thought", "<think>\nMaybe:\n<code>\nwrong()\n</code>\n</think>\n<code>\nright()\n</code>", "right()"],
  ["thoughts whose beginning the server took", `Or ${fence}python?\nwrong()\n${fence}\n</think>\n${fence}python\nright()\n${fence}`, "right()"],
  ["nothing but thoughts", "<think>\n<code>\nwrong()\n</code>\n</think>\nI am done.", none],
  ["an observation of its own", '<code>\nx = f()\n</code>\nObservation: 5\n<code>\nfinal_answer("5")\n</code>', "x = f()"],
  ["an observation between fences", `${fence}python\nx = f()\n${fence}\nObservation:\n${fence}python\nfinal_answer(5)\n${fence}`, "x = f()"],
  ["an observation in an unclosed block", "<code>\nx = f()\nObservation: 5", "x = f()"],
  // Near misses of the tags.
  ["a tag with attributes", '<code lang="python">\nprint(1)\n</code>', "print(1)"],
  ["the language beside the tag", "<code>python\nprint(1)\n</code>", "print(1)"],
  ["a fence that closes the tag", `<code>\nprint(1)\n${fence}`, "print(1)"],
  ["an opening tag that closes", "<code>\nprint(1)\n<code>", "print(1)"],
  ["a mark of a chat template after the block", "<code>\nprint(1)\n</code><|im_end|>", "print(1)"],
  ["a mark of a chat template in an unclosed block", "<code>\nprint(1)<|eot_id|>", "print(1)"],
  ["a mark of another agent after a fence", `Code:\n${fence}py\nprint(1)\n${fence}<end_code>`, "print(1)"],
  ["a mark of another agent instead of a fence's end", `Code:\n${fence}py\nprint(1)\n<end_code>`, "print(1)"],
  ["a fence for tool code", `${fence}tool_code\nprint(1)\n${fence}`, "print(1)"],
  ["a fence with a file's name", `${fence}python:main.py\nprint(1)\n${fence}`, "print(1)"],
  // Unlabelled fences.
  ["an unlabelled fence with an async function", `${fence}\nasync def f():\n    pass\n${fence}`, "async def f():\n    pass"],
  ["an unlabelled fence with two targets", `${fence}\na, b = 1, 2\n${fence}`, "a, b = 1, 2"],
  ["an unlabelled fence with an item", `${fence}\nd["a"] = 1\n${fence}`, 'd["a"] = 1'],
  ["an unlabelled fence with a sum", `${fence}\nx += 1\n${fence}`, "x += 1"],
  ["an unlabelled fence with a traceback", `${fence}\nTraceback (most recent call last):\nValueError: x\n${fence}`, none],
  ["an unlabelled fence with a sentence", `${fence}\nfor example, Paris\n${fence}`, none],
];

/** The same where fences are asked for. */
const fenced: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  ["another label of the language", `${fence}python3\nprint(1)\n${fence}`, "print(1)"],
  ["attributes", `${fence}python title="x"\nprint(1)\n${fence}`, "print(1)"],
  ["fences under two labels", `${fence}py\na = 1\n${fence}\n${fence}python\nb = 2\n${fence}`, "a = 1\n\nb = 2"],
  [
    "fences in texts",
    `${fence}python\ns = t.split("${fence}json")[1].split("${fence}")[0]\n${fence}`,
    `s = t.split("${fence}json")[1].split("${fence}")[0]`,
  ],
  ["a fence in prose", `I write a ${fence}python block.\n${fence}python\nprint(1)\n${fence}`, "print(1)"],
  ["a fence on one line", `${fence}python print(1)${fence}`, "print(1)"],
  ["a cut fence", `Thought: x\n${fence}python\nprint(1)\n`, "print(1)"],
  ["tags", "<code>\nprint(1)\n</code>", "print(1)"],
  ["prose", "print it", none],
];

describe("parseCode", () => {
  it.each(misbehaviours)("reads %s", (_, text, code) => {
    if (code === undefined) expect(() => parseCode(text, codeTags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, codeTags, "python").code.replaceAll("\r", "")).toBe(code);
  });

  it("covers at least sixty misbehaviours", () => {
    expect(misbehaviours.length).toBeGreaterThanOrEqual(60);
  });

  it.each(fenced)("reads %s where fences are asked for", (_, text, code) => {
    const tags = markdownTags("python");
    if (code === undefined) expect(() => parseCode(text, tags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, tags, "python").code).toBe(code);
  });

  it("gives the thought without its label", () => {
    expect(parseCode("Thought: I add.\n<code>\n1 + 1\n</code>", codeTags, "python").thought).toBe("I add.");
  });

  it("shows the model the form it should write, with the tags in use", () => {
    expect(() => parseCode("Paris", { open: "[run]", close: "[/run]" }, "python")).toThrow(/\[run\]\nfinal_answer\("your answer"\)\n\[\/run\]/);
  });

  it("reads custom tags", () => {
    expect(parseCode("[run]x[/run]", { open: "[run]", close: "[/run]" }, "python").code).toBe("x");
  });

  it("reads markdown tags", () => {
    expect(parseCode(`Thought: t\n${fence}python\nx = 1\n${fence}\nmore`, markdownTags("python"), "python")).toEqual({ thought: "t", code: "x = 1" });
  });

  it("reads fences of JavaScript for a JavaScript sandbox only", () => {
    expect(parseCode(`${fence}js\nx\n${fence}`, codeTags, "javascript").code).toBe("x");
    expect(() => parseCode(`${fence}python\nx\n${fence}`, codeTags, "javascript")).toThrow();
  });

  it("stays fast on hostile text", () => {
    const spaces = " ".repeat(40_000);
    const hostile = [
      `<code>\n${fence}python\nx = 1${spaces}\ny\n</code>`,
      `${fence}${spaces}\n${spaces}`,
      `${fence}\n${"\n".repeat(40_000)}x`,
      `<code>${'"</code>"'.repeat(20_000)}`.repeat(2),
      fence.repeat(20_000),
      "<code>".repeat(20_000),
      `${fence}python\n`.repeat(10_000),
      `${" ".repeat(50_000)}\n`.repeat(2),
      `${"~".repeat(500_000)}\``,
      "\r~~~".repeat(100_000),
      `${fence}\n${"\ra[".repeat(100_000)}\n${fence}`,
      "`<code>`".repeat(20_000),
      "<code>\n".repeat(20_000),
      "<code>\n</code>".repeat(20_000),
      `<code>\n${"'</code>'\n".repeat(20_000)}`,
      `x${"<|eot_id|>".repeat(20_000)}`,
      `${" ".repeat(40_000)}<code>`.repeat(3),
      `${fence}\n${"a[".repeat(20_000)}\n${"a, ".repeat(20_000)}\n${"for ".repeat(20_000)}\n${fence}`,
    ];
    const startedAt = performance.now();
    for (const text of hostile) {
      try {
        parseCode(text, codeTags, "python");
      } catch (error) {
        expect(error).toMatchObject({ code: "model-output" });
      }
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000); // under one second, unless the machine is busy
  }, 30_000);
});
