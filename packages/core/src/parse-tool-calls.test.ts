import { describe, expect, it } from "vitest";
import { parseToolCalls } from "./parse-tool-calls.ts";

const callsIn = (...args: Parameters<typeof parseToolCalls>) => parseToolCalls(...args).calls;
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
    ["with tool_input", '{"tool": "search", "tool_input": {"query": "a"}}'],
    ["with camel case", '{"toolName": "search", "args": {"query": "a"}}'],
    ["with arguments beside the function", '{"function": {"name": "search"}, "arguments": {"query": "a"}}'],
    ["as one of several at once", '{"tool_uses": [{"recipient_name": "functions.search", "parameters": {"query": "a"}}]}'],
    ["as Python writes them", "<tool_call>\n{'name': 'search', 'arguments': {'query': 'a'}}\n</tool_call>"],
    ["with commas too many", '{"name": "search", "arguments": {"query": "a",},}'],
    ["with bare keys", '{name: "search", arguments: {query: "a"}}'],
    ["without the last brace before a tag", '<tool_call>{"name": "search", "arguments": {"query": "a"}</tool_call>'],
    ["without the last brace at the end", '{"name": "search", "arguments": {"query": "a"}'],
    ["with a brace too many", '<tool_call>{"name": "search", "arguments": {"query": "a"}}}</tool_call>'],
    ["behind Llama's tag", '<|python_tag|>{"name": "search", "parameters": {"query": "a"}}<|eom_id|>'],
    ["behind Mistral's tag", '[TOOL_CALLS][{"name": "search", "arguments": {"query": "a"}, "id": "VvvODy9mT"}]'],
    ["behind a name in Mistral's form", '[TOOL_CALLS]search[ARGS]{"query": "a"}'],
    ["behind a name in Llama's form", '<function=search>{"query": "a"}</function>'],
    ["behind a name in DeepSeek's form", '<｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{"query": "a"}\n```<｜tool▁call▁end｜>'],
    ["behind a name in Kimi's form", '<|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"query": "a"}<|tool_call_end|>'],
    ["behind a name in the form of gpt-oss", 'commentary to=functions.search <|constrain|>json<|message|>{"query":"a"}<|call|>'],
    ["behind a name in tags", '<tool_call><name>search</name><arguments>{"query": "a"}</arguments></tool_call>'],
    ["as ReAct writes them", 'Thought: t\nAction: search\nAction Input: {"query": "a"}'],
    ["as ReAct writes them, fenced", 'Action: search\nAction Input:\n```json\n{"query": "a"}\n```'],
    ["in Qwen's tags", "<tool_call>\n<function=search>\n<parameter=query>\na\n</parameter>\n</function>\n</tool_call>"],
    ["in Claude's tags", '<invoke name="search">\n<parameter name="query">a</parameter>\n</invoke>'],
    ["in GLM's tags", "<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>a</arg_value>\n</tool_call>"],
    ["after what was only thought", '<think>{"name": "search", "arguments": {"query": "x"}}</think>{"name": "search", "arguments": {"query": "a"}}'],
    [
      "before an observation that was made up",
      '{"name": "search", "arguments": {"query": "a"}}\nObservation: b\n{"name": "search", "arguments": {"query": "b"}}',
    ],
    [
      "in tags before an observation that was made up",
      "<function=search><parameter=query>a</parameter></function>\nObservation: b\n<function=search><parameter=query>b</parameter></function>",
    ],
  ])("are found %s", (_, text) => {
    expect(callsIn(text)).toEqual([search("a")]);
  });

  it.each([
    ["", "{call}"],
    ["I look.", "I look.\n{call}"],
    ["I look.", "I look.\n```json\n{call}\n```\nDone."],
    ["I look.", "<think>Hm.</think>I look.\n<tool_call>\n{call}\n</tool_call>"],
    ["I look.", 'I look.\n{"tool_calls": [{call}]}'],
    ["Thought: I look.", 'Thought: I look.\nAction: search\nAction Input: {"query": "a"}'],
    ["I look.", 'I look.\n[TOOL_CALLS]search[ARGS]{"query": "a"}'],
    ["I look.", 'I look.\n<tool_call>\n<invoke name="search">\n<parameter name="query">a</parameter>\n</invoke>\n</tool_call>'],
  ])("come after the thought %j", (thought, written) => {
    const text = written.replace("{call}", '{"name": "search", "arguments": {"query": "a"}}');
    expect(parseToolCalls(text)).toEqual({ thought, calls: [search("a")] });
  });

  it("are none where there is only a thought", () => {
    expect(parseToolCalls("The answer is `42`")).toEqual({ thought: "The answer is `42`", calls: [] });
  });

  it("are found when there are several, in their order", () => {
    const text = 'First {"name": "search", "arguments": {"query": "a"}}, then\n```\n{"name": "search", "arguments": {"query": "b"}}\n```';
    expect(callsIn(text)).toEqual([search("a"), search("b")]);
  });

  it("are found after braces that are no JSON", () => {
    expect(callsIn('The set {1, 2} and {"open: {"name": "search", "arguments": {"query": "a"}}')).toEqual([search("a")]);
  });

  it("keep braces and quotes inside of texts", () => {
    const query = 'f({"x": "}"}) \\ {';
    expect(callsIn(`Now ${JSON.stringify({ name: "search", arguments: { query } })}`)).toEqual([search(query)]);
  });

  it("are not taken from the arguments of another", () => {
    const inner = { name: "search", arguments: { query: "a" } };
    expect(callsIn(JSON.stringify({ name: "save", arguments: { plan: inner } }))).toMatchObject([{ name: "save", input: { plan: inner } }]);
  });

  it.each([
    ["a line break", '"a\nb"', "a\nb"],
    ["a quote of the other kind", `"it's"`, "it's"],
    ["an escaped quote", "'it\\'s'", "it's"],
    ["a code point", '"\\u00e9"', "é"],
    ["Python's words", "[True, False, None]", [true, false, null]],
    ["numbers", "[1, -2.5, 1e3]", [1, -2.5, 1000]],
  ])("keep %s in their arguments", (_, written, query) => {
    expect(callsIn(`{'name': 'search', 'arguments': {'query': ${written}}}`)).toEqual([{ ...search(""), input: { query } }]);
  });

  it("have arguments in tags of the types that the tool takes, or else that they look like", () => {
    const tools = [
      { name: "search", description: "", inputSchema: { type: "object", properties: { query: { type: "string" }, count: { type: "integer" } } } },
    ];
    const text =
      '<invoke name="search"><parameter name="query">2024</parameter><parameter name="count">5</parameter><parameter name="tags">["x"]</parameter></invoke>';
    expect(callsIn(text, tools)).toMatchObject([{ input: { query: "2024", count: 5, tags: ["x"] } }]);
    expect(callsIn("<function=list_files>\n</function>")).toMatchObject([{ name: "list_files", input: {} }]);
  });

  it("keep arguments that are text, and no object", () => {
    expect(callsIn('{"name": "final_answer", "arguments": "Lagos"}')).toMatchObject([{ name: "final_answer", input: "Lagos" }]);
  });

  it.each([
    ["prose", "The answer is 42."],
    ["data", '{"city": "Paris", "celsius": 14}'],
    ["a name without arguments", '{"name": "Ada"}'],
    ["a number as the name", '{"name": 1, "arguments": {}}'],
    ["what is cut off", '{"name": "search", "arguments": {"query": "a'],
    ["arguments that are cut off", '{"name": "search", "arguments": {"count": 1'],
    ["arguments behind a name that are cut off", 'Action: search\nAction Input: {"count": 1'],
    ["data in a sentence about a tool", 'What functions.search finds is for example {"query": "a"}.'],
    ["nothing but thoughts", '<think>{"name": "search", "arguments": {"query": "a"}}</think>Done.'],
    ["nothing", ""],
  ])("are none in %s", (_, text) => {
    expect(callsIn(text)).toEqual([]);
  });

  it("do not give their objects a foreign prototype", () => {
    const [call] = callsIn('{"name": "search", "arguments": {"__proto__": {"polluted": 1}}}');
    expect(call?.input).not.toHaveProperty("polluted");
    expect({}).not.toHaveProperty("polluted");
  });

  it.each([
    ["opened", "{".repeat(300_000)],
    ["opened and closed", "{".repeat(300_000) + "}".repeat(300_000)],
    ["of objects in objects", `${'{"a":'.repeat(60_000)}1${"}".repeat(60_000)}`],
    ["of empty objects", "{}".repeat(300_000)],
    ["of texts that do not end", '{"'.repeat(300_000)],
    ["of values that do not end", `${"{a:'".repeat(100_000)}${'{a:"'.repeat(100_000)}`],
    ["with much between them", `{${" ".repeat(50_000)}`.repeat(10)],
    ["behind tags", `${"<function=a>".repeat(20_000)}${'<invoke name="a"><parameter name="b">'.repeat(20_000)}</function></invoke>`],
    ["behind other tags", `${"<tool_call>a<arg_key>".repeat(20_000)}b</arg_key><arg_value>`],
  ])("are given up in a flood of braces %s", { timeout: 5_000 }, (_, flood) => {
    expect(callsIn(flood)).toEqual([]);
  });

  it("are found behind many objects that are none", () => {
    const data = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id })));
    expect(callsIn(`${data}\n{"name": "search", "arguments": {"query": "a"}}`)).toEqual([search("a")]);
  });
});
