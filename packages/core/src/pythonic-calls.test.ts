import { describe, expect, it } from "vitest";
import { callsIn } from "./testing/calls-in.ts";

describe("calls that are written as code", () => {
  it.each([
    ["pythonic llama4", '[search(query="a")]', [["search", { query: "a" }]]],
    [
      "pythonic llama two",
      '[search(query="a"), search(query="b")]',
      [
        ["search", { query: "a" }],
        ["search", { query: "b" }],
      ],
    ],
    ["pythonic with count", '[search(query="a", count=5)]', [["search", { query: "a", count: 5 }]]],
    [
      "pythonic lists",
      '[search(query="a", tags=["x", \'y\'], deep=True, n=None)]',
      [["search", { query: "a", tags: ["x", "y"], deep: true, n: null }]],
    ],
    ["pythonic positional", '[search("a")]', [["search", { query: "a" }]]],
    ["pythonic no args", "[get_time()]", [["get_time", {}]]],
    ["lfm2", '<|tool_call_start|>[search(query="a")]<|tool_call_end|>', [["search", { query: "a" }]]],
    ["llama4 python_start", '<|python_start|>[search(query="a")]<|python_end|>', [["search", { query: "a" }]]],
    ["gemma tool_code", '```tool_code\nsearch(query="a")\n```', [["search", { query: "a" }]]],
    ["gemma tool_code print", '```tool_code\nprint(search(query="a"))\n```', [["search", { query: "a" }]]],
    ["gemma default_api", '```tool_code\nprint(default_api.search(query="a"))\n```', [["search", { query: "a" }]]],
    ["gemini tool_code tag", '<tool_code>\nprint(search(query="a"))\n</tool_code>', [["search", { query: "a" }]]],
    ["python fence", '```python\nsearch(query="a")\n```', [["search", { query: "a" }]]],
    ["bare call line", 'search(query="a")', [["search", { query: "a" }]]],
    ["bare final", 'final_answer(answer="Paris")', [["final_answer", { answer: "Paris" }]]],
    ["bare final positional", 'final_answer("Paris")', [["final_answer", { answer: "Paris" }]]],
    ["bare final number", "Thought: done\nfinal_answer(42)", [["final_answer", { answer: 42 }]]],
    ["code tags", '<code>\nsearch(query="a")\n</code>', [["search", { query: "a" }]]],
    ["code tags final", 'Thought: x\n<code>\nfinal_answer("Paris")\n</code>', [["final_answer", { answer: "Paris" }]]],
    ["react call form", 'Action: search(query="a")', [["search", { query: "a" }]]],
  ])("are found: %s", (_, text, calls) => {
    expect(callsIn(text)).toEqual(calls);
  });

  it("are found in JavaScript, and where a result is looked at", () => {
    expect(callsIn('```js\nawait search({query: "a"})\n```')).toEqual([["search", { query: "a" }]]);
    expect(callsIn('await search({query: "a"});')).toEqual([["search", { query: "a" }]]);
    expect(callsIn('```python\nfound = search(query="a")\nprint(found)\n```')).toEqual([["search", { query: "a" }]]);
  });

  it("are none where a user is told what to write", () => {
    expect(callsIn("I won't without asking. To do it yourself:\n```python\nsearch(query='a')\n```")).toEqual([]);
    expect(callsIn("To do it yourself, run:\nsearch(query='a')")).toEqual([]);
    expect(callsIn('I look.\n[search(query="a")]')).toEqual([["search", { query: "a" }]]);
  });

  it("are found before a line that is none", () => {
    expect(callsIn('Thought: I look.\nsearch(query="a")\nsearch(query="b")\nI wait for it.')).toEqual([
      ["search", { query: "a" }],
      ["search", { query: "b" }],
    ]);
    expect(callsIn('```python\na = search("a")\nfor b in a:\n    search(b)\n```')).toEqual([["search", { query: "a" }]]);
  });

  it("end before an outcome that was made up", () => {
    expect(callsIn('search(query="a")\nObservation: b\nfinal_answer("b")')).toEqual([["search", { query: "a" }]]);
    expect(callsIn('```tool_code\nsearch("a")\n```\n```tool_outputs\nb\n```\n```tool_code\nfinal_answer("b")\n```')).toEqual([
      ["search", { query: "a" }],
    ]);
  });

  it.each([
    'You could call search(query="a") now.',
    'I will use `search(query="a")`.',
    'for q in ["a"]:\n    search(query=q)',
    'if False:\n    search(query="a")',
    'search(query="a" + "b")',
    "search(query=name)",
    'search(query="a").strip()',
    'search(query="a") finds nothing.',
    'search(query="a',
    'search("a", 5, 6)',
    'search("a", query="b")',
    '[delete(path="/")]',
    '# search(query="a")',
  ])("are none where they need an interpreter, or are prose: %j", (text) => {
    expect(callsIn(text)).toEqual([]);
  });

  it.each(['search(query="a")\n', '[search(query="a"), ', "search(", "search(a=[", "search(a,", "print("])(
    "are found in time in a flood of %j",
    (piece) => {
      const startedAt = performance.now();
      callsIn(`${piece.repeat(300_000 / piece.length)} and so on`);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    },
  );
});
