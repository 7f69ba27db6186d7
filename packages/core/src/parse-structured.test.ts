import { describe, expect, it } from "vitest";
import { parseStructured } from "./parse-code.ts";

describe("parseStructured", () => {
  it.each([
    ['{"thought": "t", "code": "x = 1"}', { thought: "t", code: "x = 1" }],
    ['```json\n{"thought": "t", "code": "x"}\n```', { thought: "t", code: "x" }],
    ['{"thought": {"toString": 1}, "code": "x"}', { thought: "", code: "x" }],
    ['{"code": "```python\\nx\\n```"}', { thought: "", code: "x" }],
    ['{"code": "<code>\\nx\\n</code>"}', { thought: "", code: "x" }],
    ['Here it is:\n{"thought": "t", "code": "x"}\nObservation: 1', { thought: "t", code: "x" }],
    ['<think>{hm}</think>{"thought": "t", "code": "x"}', { thought: "t", code: "x" }],
    ['{"thought": "t", "code": "x"}\n{"thought": "u", "code": "y"}', { thought: "t", code: "x" }],
    ['The set {1, 2}: {"thought": "t", "code": "x"}', { thought: "t", code: "x" }],
    ['{"thought": "t", "code": "x = 1\ny"}', { thought: "t", code: "x = 1\ny" }],
    ['{"thought": "t", "code": "x",}', { thought: "t", code: "x" }],
    ["{'thought': 't', 'code': 'x'}", { thought: "t", code: "x" }],
    ['{"code": "```python\\na\\n```\\n```python\\nb\\n```"}', { thought: "", code: "a\n\nb" }],
  ])("reads %s", (text, action) => {
    expect(parseStructured(text)).toEqual(action);
  });

  it.each(["", "x", "[]", "null", '{"thought": "t"}', '{"code": ""}', '{"code": 5}', '{"thought": "t", "code": "x'])(
    "tells the model what is wrong with %s",
    (text) => {
      expect(() => parseStructured(text)).toThrow(expect.objectContaining({ code: "model-output" }));
    },
  );
});
