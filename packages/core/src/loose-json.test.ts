import { describe, expect, it } from "vitest";
import { callsIn } from "./testing/calls-in.ts";

describe("JSON that models write", () => {
  it.each([
    ["ns functions.", '{"name": "functions.search", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["ns tools.", '{"name": "tools.search", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["ns functions:0", '{"name": "functions.search:0", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["name()", '{"name": "search()", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["name spaces", '{"name": " search ", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["double encoded", '{"name": "search", "arguments": "{\\"query\\": \\"a\\"}"}', [["search", { query: "a" }]]],
    ["triple encoded", '{"name":"search","arguments":"\\"{\\\\\\"query\\\\\\":\\\\\\"a\\\\\\"}\\""}', [["search", { query: "a" }]]],
    ["args missing in tool_call", '<tool_call>{"name": "get_time"}</tool_call>', [["get_time", {}]]],
    ["flat args", '<tool_call>{"name": "search", "query": "a"}</tool_call>', [["search", { query: "a" }]]],
    ["key named tool", '{"search": {"query": "a"}}', [["search", { query: "a" }]]],
    [
      "openai wrapper",
      '{"tool_calls":[{"id":"c1","type":"function","function":{"name":"search","arguments":"{\\"query\\":\\"a\\"}"}},{"id":"c1","type":"function","function":{"name":"search","arguments":"{\\"query\\":\\"b\\"}"}}]}',
      [
        ["search", { query: "a" }],
        ["search", { query: "b" }],
      ],
    ],
    ["comments", '{\n  // call search\n  "name": "search", /* x */\n  "arguments": {"query": "a"} # done\n}', [["search", { query: "a" }]]],
    ["trailing commas", '{"name":"search","arguments":{"query":"a",},}', [["search", { query: "a" }]]],
    ["smart quotes", "{“name”: “search”, “arguments”: {“query”: “a”}}", [["search", { query: "a" }]]],
    ["python literals", "{'name': 'search', 'arguments': {'query': 'a', 'x': None, 'y': True}}", [["search", { query: "a", x: null, y: true }]]],
    ["unescaped newline", '{"name": "search", "arguments": {"query": "a\nb"}}', [["search", { query: "a\nb" }]]],
    ["triple quotes", '{"name": "search", "arguments": {"query": """a "b" c"""}}', [["search", { query: 'a "b" c' }]]],
    ["leading plus/dot", '{"name": "search", "arguments": {"query": "a", "x": .5}}', [["search", { query: "a", x: 0.5 }]]],
    ["tuple", "{'name': 'search', 'arguments': {'query': 'a', 'x': (1, 2)}}", [["search", { query: "a", x: [1, 2] }]]],
    ["crlf", '{"name": "search",\r\n "arguments": {"query": "a"}}\r\n', [["search", { query: "a" }]]],
    ["nbsp", '{"name": "search", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["bom", '﻿{"name": "search", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    [
      "inner json call in arguments",
      '{"name": "search", "arguments": {"query": "{\\"name\\": \\"x\\", \\"arguments\\": {}}"}}',
      [["search", { query: '{"name": "x", "arguments": {}}' }]],
    ],
    ["surrogate", '{"name": "search", "arguments": {"query": "\\ud83d\\ude00"}}', [["search", { query: "😀" }]]],
    ["escape \\/", '{"name": "search", "arguments": {"query": "a\\/b"}}', [["search", { query: "a/b" }]]],
    ["windows path", '{"name": "search", "arguments": {"query": "C:\\\\x"}}', [["search", { query: "C:\\x" }]]],
    ["a name in capitals", '{"name": "Search", "arguments": {"query": "a"}}', [["search", { query: "a" }]]],
    ["an escape that JSON doesn't have", '{"name": "search", "arguments": {"query": "\\d+"}}', [["search", { query: "\\d+" }]]],
    ["the same call again and again", '{"name": "search", "arguments": {"query": "a"}}\n'.repeat(40), [["search", { query: "a" }]]],
  ])("is read: %s", (_, text, calls) => {
    expect(callsIn(text)).toEqual(calls);
  });

  it.each(["\n", "// why\n"])("is none, and no error, behind no end of %j", (space) => {
    for (const open of ["{", '{"name": "search", "arguments": ']) expect(callsIn(open + space.repeat(20_000_000 / space.length))).toEqual([]);
  });

  it.each([
    [
      "what a tool is like",
      'I have tools: {"name": "search", "description": "x", "parameters": {"type": "object", "properties": {"query": {"type": "string"}}}}',
    ],
    ["data under a tool's name", '{"search": {"found": 3}}'],
    ["a tool's name beside other data", '{"name": "search", "found": 3}'],
  ])("is no call: %s", (_, text) => {
    expect(callsIn(text)).toEqual([]);
  });

  it.each(["{a//", "{a/*", "{a#", "{a: /*", "{/**/", "{“", '{"""', "{(", "{a:((", "//{a\n", '#{"a"\n'])(
    "is read in time in a flood of %j",
    (piece) => {
      const startedAt = performance.now();
      callsIn(piece.repeat(300_000 / piece.length));
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    },
  );
});
