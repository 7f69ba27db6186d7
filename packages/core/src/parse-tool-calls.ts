import { readLooseJson } from "./loose-json.ts";
import { madeUp } from "./made-up.ts";
import type { ModelTool, ToolCallPart } from "./model.ts";
import { withoutThoughts } from "./thoughts.ts";
import type { Json } from "./value.ts";

type JsonObject = { readonly [key: string]: Json };

const nameKeys = ["name", "tool", "tool_name", "toolName", "function", "function_name", "recipient_name", "action"];
const inputKeys = ["arguments", "parameters", "input", "args", "kwargs", "action_input", "tool_input"];
/** Each brace costs a look at the rest of the text, which a stranger may have written: so much in all. */
const maxLookedAt = 5_000_000;

/**
 * Calls in the text of a model that has no native ones, without ids. JSON objects with a name and arguments, one or several, fenced or in prose, also as Python
 * writes them; arguments behind a tool's name, as in `Action: … Action Input: {…}`; and the tags of {@link taggedCalls}. What was only thought is none.
 */
export function parseToolCalls(text: string, tools: readonly ModelTool[] = []): ParsedCalls {
  const said = withoutThoughts(text);
  const tagged = untilObservation(said, taggedCalls(said, tools));
  const found = tagged.length > 0 ? tagged : jsonCalls(said);
  const [first] = found;
  return { thought: first === undefined ? said.trim() : withoutOpeningMarks(said.slice(0, first.start)), calls: found.map(({ call }) => call) };
}

export interface ParsedCalls {
  /** What stands before them: all of a text without calls. */
  readonly thought: string;
  readonly calls: readonly ToolCallPart[];
}

interface FoundCall {
  readonly call: ToolCallPart;
  readonly start: number;
}

interface TaggedCall extends FoundCall {
  readonly end: number;
}

/** What follows an observation that the model made up is made up too. */
function untilObservation(text: string, calls: readonly TaggedCall[]): readonly TaggedCall[] {
  const cut = calls.findIndex(({ start }, index) => index > 0 && madeUp.test(text.slice(calls[index - 1]?.end, start)));
  return cut < 0 ? calls : calls.slice(0, cut);
}

/** Fences, tags, brackets and words that announce a call, at the end of a text. */
function withoutOpeningMarks(text: string): string {
  let said = text.trim();
  for (;;) {
    const mark = /(?:```\w*|<[^<>\n]*>|\[(?:TOOL_CALLS\])?|[{"'`:]|\b(?:Action|Tool calls?|tool_calls|function|json))$/.exec(said.slice(-100));
    if (mark === null) return said;
    said = said.slice(0, -mark[0].length).trimEnd();
  }
}

function jsonCalls(text: string): FoundCall[] {
  const calls: FoundCall[] = [];
  let from = 0;
  for (let at = text.indexOf("{"), lookedAt = 0; at >= 0 && lookedAt < maxLookedAt; ) {
    const { value, end, isWhole } = readLooseJson(text, at);
    lookedAt += end - at;
    const object = asObject(value);
    const own = object && asCall(object);
    const named = object && own === undefined && isWhole ? nameBefore(text.slice(Math.max(from, at - maxHead), at)) : undefined;
    const call = own ?? (named && callOf(named.name, object as JsonObject));
    if (call !== undefined) {
      if (calls.length > 0 && madeUp.test(text.slice(from, at))) break;
      calls.push({ call, start: at - (named?.length ?? 0) });
      from = end;
    }
    at = text.indexOf("{", call === undefined ? at + 1 : end);
  }
  return calls;
}

function asCall(object: JsonObject): ToolCallPart | undefined {
  const source = { ...object, ...asObject(object.function) };
  const name = nameKeys.map((key) => source[key]).find((value) => typeof value === "string");
  const inputKey = inputKeys.find((key) => key in source);
  if (typeof name !== "string" || inputKey === undefined) return undefined;
  const input = source[inputKey] as Json;
  return callOf(name, typeof input === "string" ? (asObject(wholeJson(input)) ?? input) : input);
}

const maxHead = 200;
const heads = [
  // ReAct: Action: search, Action Input: {…}
  /\bAction:\s*["'`]?([\w.-]+)["'`]?\s*Action Input:\s*(?:```\w*\s*)?$/i,
  // <function=search>{…}, [TOOL_CALLS]search[ARGS]{…}, functions.search:0<|…|>{…}, <name>search</name><arguments>{…}, …search```json{…}
  /(?:<function=|\[TOOL_CALLS\]\s*|functions\.|sep｜>|<name>)([\w-]+)(?::\d+)?(?:\[ARGS\]|<[^<>]+>|```|json|>|\s)*$/,
];

/** The name of a tool that stands before its arguments, and how long all that names it is. */
function nameBefore(head: string): { readonly name: string; readonly length: number } | undefined {
  const found = heads.map((pattern) => pattern.exec(head)).find((match) => match !== null);
  return found && { name: found[1] as string, length: found[0].length };
}

const forms = [
  {
    call: /<(?:function=|invoke name=")([\w.-]+)"?>((?:(?!<function=|<invoke )[\s\S])*?)<\/(?:function|invoke)>/g,
    argument: /<parameter(?:=| name=")([\w-]+)"?>\n?((?:(?!<parameter)[\s\S])*?)\n?<\/parameter>/g,
  },
  {
    call: /<tool_call>\s*([\w.-]+)\s*(<arg_key>(?:(?!<tool_call>)[\s\S])*?)<\/tool_call>/g,
    argument: /<arg_key>([\w-]+)<\/arg_key>\s*<arg_value>((?:(?!<arg_key>)[\s\S])*?)<\/arg_value>/g,
  },
];

/** `<function=search><parameter=query>…`, `<invoke name="search"><parameter name="query">…` and `<tool_call>search<arg_key>query</arg_key><arg_value>…`. */
function taggedCalls(text: string, tools: readonly ModelTool[]): TaggedCall[] {
  return forms.flatMap(({ call, argument }) =>
    [...text.matchAll(call)].flatMap(({ index: start, 0: whole, 1: name = "", 2: body = "" }) => {
      const properties = asObject(tools.find((tool) => tool.name === name)?.inputSchema.properties as Json | undefined) ?? {};
      const entries = [...body.matchAll(argument)].map(([, key = "", value = ""]) => [key, typed(value, asObject(properties[key])?.type)] as const);
      return entries.length > 0 || body.trim() === "" ? [{ call: callOf(name, Object.fromEntries(entries)), start, end: start + whole.length }] : [];
    }),
  );
}

/** Between tags everything is text. */
function typed(text: string, type: Json | undefined): Json {
  const value = type === "string" ? undefined : wholeJson(text);
  return value === undefined ? text : value;
}

function callOf(name: string, input: Json): ToolCallPart {
  return { type: "tool-call", id: "", name: name.replace(/^functions\./, ""), input };
}

/** The value of a text that holds nothing else. */
function wholeJson(text: string): Json | undefined {
  const trimmed = text.trim();
  const { value, end, isWhole } = readLooseJson(trimmed, 0);
  return isWhole && end === trimmed.length ? value : undefined;
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
