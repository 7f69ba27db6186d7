import { describe, expect, it } from "vitest";
import { parseToolCalls } from "./parse-tool-calls.ts";
import { callsIn } from "./testing/calls-in.ts";

describe("calls in tags", () => {
  it.each([
    [
      "deepseek v3",
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{"query": "a"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      [["search", { query: "a" }]],
    ],
    [
      "deepseek v3.1",
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>{"query": "a"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      [["search", { query: "a" }]],
    ],
    [
      "deepseek dsml",
      '<｜DSML｜function_calls>\n<｜DSML｜invoke name="search">\n<｜DSML｜parameter name="query" string="true">a</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
      [["search", { query: "a" }]],
    ],
    [
      "kimi",
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"query": "a"}<|tool_call_end|><|tool_calls_section_end|>',
      [["search", { query: "a" }]],
    ],
    [
      "glm4.5 two args",
      "<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>a</arg_value>\n<arg_key>count</arg_key>\n<arg_value>5</arg_value>\n</tool_call>",
      [["search", { query: "a", count: 5 }]],
    ],
    ["glm4.5 no args", "<tool_call>get_time\n</tool_call>", [["get_time", {}]]],
    ["glm4", 'search\n{"query": "a"}', [["search", { query: "a" }]]],
    ["qwen coder no close fn", "<function=search>\n<parameter=query>\na\n</parameter>\n</tool_call>", [["search", { query: "a" }]]],
    ["qwen coder multi line", "<function=search>\n<parameter=query>\na\n\n  b\n</parameter>\n</function>", [["search", { query: "a\n\n  b" }]]],
    [
      "minimax",
      '<minimax:tool_call>\n<invoke name="search">\n<parameter name="query">a</parameter>\n</invoke>\n</minimax:tool_call>',
      [["search", { query: "a" }]],
    ],
    [
      "with a name space",
      '<antml:function_calls><antml:invoke name="search"><antml:parameter name="query">a</antml:parameter></antml:invoke></antml:function_calls>',
      [["search", { query: "a" }]],
    ],
    [
      "claude old xml",
      "<function_calls>\n<invoke>\n<tool_name>search</tool_name>\n<parameters>\n<query>a</query>\n</parameters>\n</invoke>\n</function_calls>",
      [["search", { query: "a" }]],
    ],
    ["cline xml", "<search>\n<query>a</query>\n</search>", [["search", { query: "a" }]]],
    ["invoke single quotes", "<invoke name='search'><parameter name='query'>a</parameter></invoke>", [["search", { query: "a" }]]],
    [
      "invoke two",
      '<invoke name="search"><parameter name="query">a</parameter></invoke><invoke name="search"><parameter name="query">b</parameter></invoke>',
      [
        ["search", { query: "a" }],
        ["search", { query: "b" }],
      ],
    ],
    ["invoke unclosed", '<invoke name="search"><parameter name="query">a</parameter>', [["search", { query: "a" }]]],
    ["llama function attr", '<function name="search">{"query": "a"}</function>', [["search", { query: "a" }]]],
    ["mistral new", '[TOOL_CALLS]search{"query": "a"}', [["search", { query: "a" }]]],
    ["mistral callid", '[TOOL_CALLS]search[CALL_ID]abc123xyz[ARGS]{"query": "a"}', [["search", { query: "a" }]]],
    ["harmony analysis call", '<|channel|>analysis to=functions.search code<|message|>{"query":"a"}<|call|>', [["search", { query: "a" }]]],
    [
      "harmony to before channel",
      '<|start|>assistant to=functions.search<|channel|>commentary json<|message|>{"query":"a"}<|call|>',
      [["search", { query: "a" }]],
    ],
    ["harmony stripped", 'analysisI will call.assistantcommentary to=functions.search json{"query":"a"}', [["search", { query: "a" }]]],
    [
      "harmony thought json",
      '<|channel|>analysis<|message|>maybe {"name": "search", "arguments": {"query": "x"}}<|end|><|start|>assistant<|channel|>final<|message|>{"name": "search", "arguments": {"query": "a"}}',
      [["search", { query: "a" }]],
    ],
    [
      "command a thinking",
      '<|START_THINKING|>I do {"tool_name": "search", "parameters": {"query": "x"}}<|END_THINKING|><|START_ACTION|>[{"tool_call_id": "0", "tool_name": "search", "parameters": {"query": "a"}}]<|END_ACTION|>',
      [["search", { query: "a" }]],
    ],
    ["react bold", '**Action:** search\n**Action Input:** {"query": "a"}', [["search", { query: "a" }]]],
    ["an answer in tags", "<final_answer>42</final_answer>", [["final_answer", { answer: 42 }]]],
    [
      "two of Kimi's",
      '<|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"query": "a"}<|tool_call_end|><|tool_call_begin|>functions.search:1<|tool_call_argument_begin|>{"query": "b"}<|tool_call_end|>',
      [
        ["search", { query: "a" }],
        ["search", { query: "b" }],
      ],
    ],
    [
      "two of DeepSeek's",
      '<｜tool▁call▁begin｜>search<｜tool▁sep｜>{"query": "a"}<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>search<｜tool▁sep｜>{"query": "b"}<｜tool▁call▁end｜>',
      [
        ["search", { query: "a" }],
        ["search", { query: "b" }],
      ],
    ],
  ])("are found: %s", (_, text, calls) => {
    expect(callsIn(text)).toEqual(calls);
  });

  it.each(["<search></search>", "<tool_call>dance</tool_call>", '<invoke name="search"><parameter name="query">a'])(
    "that say nothing, or are cut off, are none: %s",
    (text) => {
      expect(callsIn(text).filter(([name]) => name === "search")).toEqual([]);
    },
  );

  it("are looked for in time among a flood of other tags", () => {
    const startedAt = performance.now();
    for (const piece of ["<a$>", "<a$>\n", "<search><a$>\n", '<invoke name="a$"><b$>', "<parameter=a$>", "<search>\n<query>$"]) {
      callsIn(Array.from({ length: 30_000 }, (_, count) => piece.replaceAll("$", String(count))).join(""));
    }
    callsIn(`<function=a>${"\n".repeat(500_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it("keep a text that looks like a number where the tool takes texts among others", () => {
    const inputSchema = {
      type: "object",
      properties: { id: { type: ["string", "null"] }, name: { anyOf: [{ type: "string" }, { type: "null" }] }, rest: { type: ["string", "null"] } },
    };
    const text =
      '<invoke name="f"><parameter name="id">007</parameter><parameter name="name">1</parameter><parameter name="rest">null</parameter></invoke>';
    expect(parseToolCalls(text, [{ name: "f", description: "", inputSchema }]).calls[0]?.input).toEqual({ id: "007", name: "1", rest: null });
  });
});
