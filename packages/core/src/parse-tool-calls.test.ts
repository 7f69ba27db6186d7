import { describe, expect, it } from "vitest";
import { parseToolCalls } from "./parse-tool-calls.ts";

const search = (query: string): object => ({ type: "tool-call", id: "", name: "search", input: { query } });

describe("calls in text", () => {
  it.each([
    ["bare", '{"name": "search", "arguments": {"query": "a"}}'],
    ["in prose", 'I will look it up: {"name": "search", "arguments": {"query": "a"}} and go on.'],
    ["fenced", 'Action:\n```json\n{"name": "search", "arguments": {"query": "a"}}\n```'],
    ["in tags", '<tool_call>\n{"name": "search", "arguments": {"query": "a"}}\n</tool_call>'],
    ["in a list", '[{"name": "search", "arguments": {"query": "a"}}]'],
    ["with arguments as JSON text", '{"name": "search", "arguments": "{\\"query\\": \\"a\\"}"}'],
    ["as a function object", '{"type": "function", "function": {"name": "search", "arguments": "{\\"query\\": \\"a\\"}"}}'],
    ["inside of tool_calls", '{"tool_calls": [{"id": "1", "function": {"name": "search", "arguments": {"query": "a"}}}]}'],
    ["with parameters", '{"name": "search", "parameters": {"query": "a"}}'],
    ["with tool and input", '{"tool": "search", "input": {"query": "a"}}'],
    ["with function as the name", '{"function": "search", "parameters": {"query": "a"}}'],
    ["as an action", '{"action": "search", "action_input": {"query": "a"}}'],
  ])("are found %s", (_, text) => {
    expect(parseToolCalls(text)).toEqual([search("a")]);
  });

  it("are found when there are several, in their order", () => {
    const text = 'First {"name": "search", "arguments": {"query": "a"}}, then\n```\n{"name": "search", "arguments": {"query": "b"}}\n```';
    expect(parseToolCalls(text)).toEqual([search("a"), search("b")]);
  });

  it("are found after braces that are no JSON", () => {
    expect(parseToolCalls('The set {1, 2} and {"open: {"name": "search", "arguments": {"query": "a"}}')).toEqual([search("a")]);
  });

  it("keep braces and quotes inside of texts", () => {
    const query = 'f({"x": "}"}) \\ {';
    expect(parseToolCalls(`Now ${JSON.stringify({ name: "search", arguments: { query } })}`)).toEqual([search(query)]);
  });

  it("are not taken from the arguments of another", () => {
    const inner = { name: "search", arguments: { query: "a" } };
    expect(parseToolCalls(JSON.stringify({ name: "save", arguments: { plan: inner } }))).toMatchObject([{ name: "save", input: { plan: inner } }]);
  });

  it("keep arguments that are text, and no object", () => {
    expect(parseToolCalls('{"name": "final_answer", "arguments": "Lagos"}')).toMatchObject([{ name: "final_answer", input: "Lagos" }]);
  });

  it.each([
    ["prose", "The answer is 42."],
    ["data", '{"city": "Paris", "celsius": 14}'],
    ["a name without arguments", '{"name": "Ada"}'],
    ["a number as the name", '{"name": 1, "arguments": {}}'],
    ["what is cut off", '{"name": "search", "arguments": {"query": "a'],
    ["nothing", ""],
  ])("are none in %s", (_, text) => {
    expect(parseToolCalls(text)).toEqual([]);
  });

  it("do not give their objects a foreign prototype", () => {
    const [call] = parseToolCalls('{"name": "search", "arguments": {"__proto__": {"polluted": 1}}}');
    expect(call?.input).not.toHaveProperty("polluted");
    expect({}).not.toHaveProperty("polluted");
  });

  it.each([
    ["opened", "{".repeat(300_000)],
    ["opened and closed", "{".repeat(300_000) + "}".repeat(300_000)],
    ["of objects in objects", `${'{"a":'.repeat(60_000)}1${"}".repeat(60_000)}`],
    ["of empty objects", "{}".repeat(300_000)],
    ["of texts that do not end", '{"'.repeat(300_000)],
  ])("are given up in a flood of braces %s", { timeout: 5_000 }, (_, flood) => {
    expect(parseToolCalls(flood)).toEqual([]);
  });

  it("are found behind many objects that are none", () => {
    const data = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id })));
    expect(parseToolCalls(`${data}\n{"name": "search", "arguments": {"query": "a"}}`)).toEqual([search("a")]);
  });
});
