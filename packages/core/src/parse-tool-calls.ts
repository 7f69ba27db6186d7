import { jsonSafe, readLooseJson } from "./loose-json.ts";
import { untilMadeUp } from "./made-up.ts";
import type { ModelTool, ToolCallPart } from "./model.ts";
import { pythonicCalls } from "./pythonic-calls.ts";
import { taggedCalls } from "./tagged-calls.ts";
import { withoutThoughts } from "./thoughts.ts";
import { callOf, looseInput, parametersOf } from "./tool-call-input.ts";
import type { Json } from "./value.ts";

type JsonObject = { readonly [key: string]: Json };

const nameKeys = ["name", "tool", "tool_name", "toolName", "function", "function_name", "recipient_name", "action"];
const inputKeys = ["arguments", "parameters", "input", "args", "kwargs", "action_input", "tool_input"];
/** Each brace costs a look at the rest of the text, which a stranger may have written: so much in all. */
const maxLookedAt = 5_000_000;

/**
 * Calls in the text of a model that has no native ones, without ids. JSON objects with a name and arguments, one or several, fenced or in prose, also as Python
 * writes them; arguments behind a tool's name, as in `Action: … Action Input: {…}`; the tags of {@link taggedCalls}; calls of known tools as code. What was
 * only thought is none, and a call that is written again is the same one.
 */
export function parseToolCalls(text: string, tools: readonly ModelTool[] = []): ParsedCalls {
  const said = withoutThoughts(text);
  const found = foundCalls(said, tools);
  if (found.length === 0) return { thought: said.trim(), calls: [] };
  const calls = new Map(untilMadeUp(said, found).map(({ call }) => [JSON.stringify(jsonSafe(call as unknown as Json)), call]));
  return { thought: withoutOpeningMarks(said.slice(0, found[0]?.start)), calls: [...calls.values()] };
}

export interface ParsedCalls {
  /** What stands before them: all of a text without calls. */
  readonly thought: string;
  readonly calls: readonly ToolCallPart[];
}

/** A call and the part of the text that holds it. */
export interface FoundCall {
  readonly call: ToolCallPart;
  readonly start: number;
  readonly end: number;
}

/** In the first form that the text has any in; what comes after it would be looked for at length, and thrown away. */
function foundCalls(text: string, tools: readonly ModelTool[]): readonly FoundCall[] {
  for (const findCalls of [taggedCalls, jsonCalls, pythonicCalls]) {
    const found = findCalls(text, tools);
    if (found.length > 0) return found;
  }
  return [];
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

function jsonCalls(text: string, tools: readonly ModelTool[]): FoundCall[] {
  const calls: FoundCall[] = [];
  let from = 0;
  for (let at = text.indexOf("{"), lookedAt = 0; at >= 0 && lookedAt < maxLookedAt; ) {
    const { value, end, isWhole } = readLooseJson(text, at);
    lookedAt += end - at;
    const object = asObject(value);
    const own = object && asCall(object, tools);
    const named = object && own === undefined && isWhole ? nameBefore(text.slice(Math.max(from, at - maxHead), at), tools) : undefined;
    const call = own ?? (named && callOf(named.name, object as JsonObject, tools));
    if (call !== undefined) {
      calls.push({ call, start: at - (named?.length ?? 0), end });
      from = end;
    }
    at = text.indexOf("{", call === undefined ? at + 1 : end);
  }
  return calls;
}

function asCall(object: JsonObject, tools: readonly ModelTool[]): ToolCallPart | undefined {
  const source = { ...object, ...asObject(object.function) };
  const nameKey = nameKeys.find((key) => typeof source[key] === "string");
  const inputKey = inputKeys.find((key) => key in source);
  if (nameKey === undefined) return keyedCall(object, tools);
  if (inputKey === undefined) return flatCall(object, nameKey, tools);
  const input = looseInput(source[inputKey] as Json);
  // Who tells what a tool is like doesn't call it.
  return asObject(input)?.type === "object" && asObject(asObject(input)?.properties) ? undefined : callOf(source[nameKey] as string, input, tools);
}

/** `{"search": {"query": …}}` */
function keyedCall(object: JsonObject, tools: readonly ModelTool[]): ToolCallPart | undefined {
  const [[name, input] = [], ...more] = Object.entries(object);
  const given = asObject(input);
  return more.length === 0 && name !== undefined && given && takes(name, given, tools) ? callOf(name, given, tools) : undefined;
}

/** `{"name": "search", "query": …}` */
function flatCall(object: JsonObject, nameKey: string, tools: readonly ModelTool[]): ToolCallPart | undefined {
  const { [nameKey]: name, ...input } = object;
  return typeof name === "string" && takes(name, input, tools) ? callOf(name, input, tools) : undefined;
}

/** Whether a known tool has all of these parameters: other data looks like its calls. */
function takes(name: string, input: JsonObject, tools: readonly ModelTool[]): boolean {
  const tool = tools.find((each) => each.name === name);
  return tool !== undefined && Object.keys(input).every((key) => Object.hasOwn(parametersOf(tool), key));
}

const maxHead = 200;
const heads = [
  // ReAct: Action: search, Action Input: {…}
  /\bAction:\**\s*["'`]?([\w.-]+)["'`]?\s*\**Action Input:\**\s*(?:```\w*\s*)?$/i,
  // <function=search>{…}, [TOOL_CALLS]search[ARGS]{…}, functions.search:0<|…|>{…}, <name>search</name><arguments>{…}, …search```json{…}
  /(?:<function=|<function name=["']|\[TOOL_CALLS\]\s*|functions\.|sep｜>|<name>)([\w-]+)(?::\d+)?(?:["']|\[CALL_ID\]\w+|\[ARGS\]|<[^<>]+>|```|json|code|commentary|analysis|>|\s)*$/,
  // DeepSeek since 3.1: <｜tool▁call▁begin｜>search<｜tool▁sep｜>{…}
  /begin｜>([\w.-]+)<｜tool▁sep｜>\s*$/,
];

/** The name of a tool that stands before its arguments, and how long all that names it is. A known one can stand alone on a line. */
function nameBefore(head: string, tools: readonly ModelTool[]): { readonly name: string; readonly length: number } | undefined {
  const found = heads.map((pattern) => pattern.exec(head)).find((match) => match !== null);
  if (found !== undefined && found !== null) return { name: found[1] as string, length: found[0].length };
  const [line, name = ""] = /(?<![^\n])([\w.-]+)\s*\n$/.exec(head) ?? [];
  return line !== undefined && tools.some((tool) => tool.name === name) ? { name, length: line.length } : undefined;
}

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
