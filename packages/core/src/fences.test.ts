import { describe, expect, it } from "vitest";
import { codeTags } from "./code-tags.ts";
import { parseCode } from "./parse-code.ts";

/** The name, the text, and the code that must come out (undefined: an error for the model). */
const texts: readonly (readonly [name: string, text: string, code: string | undefined])[] = [
  ["the same block thrice, once", "<code>\nsend()\n</code>\n<code>\nsend()\n</code>\n<code>\nsend()\n</code>", "send()"],
  [
    "a fence in a loop, once",
    "Thought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\nThought: go\n```python\nsend()\n```\n",
    "send()",
  ],
  ["two fences in one pair", "<code>\n```python\na = 1\n```\nand then\n```python\nb = 2\n```\n</code>", "a = 1\n\nb = 2"],
  ["two fences in one pair no prose", "<code>\n```python\na = 1\n```\n```python\nb = 2\n```\n</code>", "a = 1\n\nb = 2"],
  ["prose + fence in pair", "<code>\nHere is the code:\n```python\nprint(1)\n```\n</code>", "print(1)"],
  ["fence + prose in pair", "<code>\n```python\nprint(1)\n```\nThis prints one.\n</code>", "print(1)"],
  ["fence python,linenos", "```python,linenos\nprint(1)\n```", "print(1)"],
  ["fence python3.11", "```python3.11\nprint(1)\n```", "print(1)"],
  ["fence python=", "```python=\nprint(1)\n```", "print(1)"],
  ["fence [python]", "```[python]\nprint(1)\n```", "print(1)"],
  ["fence braces", "```{python}\nprint(1)\n```", "print(1)"],
  ["fence braces dot", "```{.python .numberLines}\nprint(1)\n```", "print(1)"],
  ["fence jupyter", "```jupyter\nprint(1)\n```", "print(1)"],
  ["fence code", "```code\nprint(1)\n```", "print(1)"],
  ["tildes four", "~~~~python\nprint(1)\n~~~~", "print(1)"],
  ["indented fence in list", "1. First:\n\n    ```python\n    x = 1\n    if x:\n        print(x)\n    ```\n", "x = 1\nif x:\n    print(x)"],
  ["tabs fence", "-\t```python\n\tprint(1)\n\t```", "print(1)"],
  ["list dash fence", "- ```python\n  print(1)\n  ```", "print(1)"],
  ["fence closed on code line", "```python\nprint(1)```", "print(1)"],
  ["fence close trailing text", "```python\nprint(1)\n``` That's it.", "print(1)"],
  ["fence close with longer", "```python\nprint(1)\n````", "print(1)"],
  [
    "docstring fence in code",
    '<code>\ndef f():\n    """\n    ```python\n    f()\n    ```\n    """\n    return 1\nprint(f())\n</code>',
    'def f():\n    """\n    ```python\n    f()\n    ```\n    """\n    return 1\nprint(f())',
  ],
  [
    "readme writer",
    '<code>\nreadme = """# T\n```python\nimport x\n```\n"""\nwrite(readme)\n</code>',
    'readme = """# T\n```python\nimport x\n```\n"""\nwrite(readme)',
  ],
  [
    "fence readme writer",
    '```python\nreadme = """# T\n```bash\npip install x\n```\n"""\nwrite(readme)\n```',
    'readme = """# T\n```bash\npip install x\n```\n"""\nwrite(readme)',
  ],
  ["bash and python in tags", "<code>\n```bash\npip install x\n```\n```python\nprint(1)\n```\n</code>", "print(1)"],
  ["sh fence in tags", "<code>\n```bash\nls -la\n```\n</code>", undefined],
  ["json fence in tags", '<code>\n```json\n{"name": "search", "arguments": {"query": "x"}}\n```\n</code>', undefined],
  ["fence open tag close", "```python\nprint(1)\n</code>", "print(1)"],
  ["fence open tag close2", "Thought: x\n```py\nprint(1)\n</code>\nDone", "print(1)"],
  ["lang then fence", "<code>\npython\n```\nprint(1)\n```\n</code>", "print(1)"],
  ["repl fence", "```python\n>>> x = 1\n>>> x + 1\n2\n```", "x = 1\nx + 1"],
  ["repl tags", "<code>\n>>> def f(n):\n...     return n\n...\n>>> f(2)\n2\n</code>", "def f(n):\n    return n\n\nf(2)"],
  ["pycon", "```pycon\n>>> print(1)\n1\n```", "print(1)"],
  [
    "doctest kept",
    '<code>\ndef f():\n    """\n    >>> f()\n    1\n    """\n    return 1\nf()\n</code>',
    'def f():\n    """\n    >>> f()\n    1\n    """\n    return 1\nf()',
  ],
  ["unlabelled repl", "```\n>>> print(1)\n1\n```", "print(1)"],
  ["unlabelled sentence w/ call", "```\nError(s) found (3) in file\n```", undefined],
  ["unlabelled json", '```\n{\n  "answer": 42\n}\n```', undefined],
];

describe("fences", () => {
  it.each(texts)("are read: %s", (_, text, code) => {
    if (code === undefined) expect(() => parseCode(text, codeTags, "python")).toThrow(expect.objectContaining({ code: "model-output" }));
    else expect(parseCode(text, codeTags, "python").code).toBe(code);
  });

  it("end at the first mark where a text between triple quotes doesn't end", () => {
    const text = '```python\nx = 1  # """\n```\nThis is it.';
    expect(parseCode(text, codeTags, "python").code).toBe('x = 1  # """');
  });
});
