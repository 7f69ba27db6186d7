import type { ToolCallPart } from "./model.ts";
import type { Json } from "./value.ts";

type JsonObject = { readonly [key: string]: Json };

const nameKeys = ["name", "tool", "tool_name", "function", "action"];
/** Each brace costs a look at the rest of the text, which a stranger may have written: so much in all. */
const maxLookedAt = 5_000_000;
const inputKeys = ["arguments", "parameters", "input", "args", "action_input"];

/** Calls in the text of a model that has no native ones: JSON objects with a name and arguments, one or several, fenced or in prose. Without ids. */
export function parseToolCalls(text: string): ToolCallPart[] {
  const calls: ToolCallPart[] = [];
  for (let at = text.indexOf("{"), lookedAt = 0; at >= 0 && lookedAt < maxLookedAt; ) {
    const end = objectEnd(text, at);
    lookedAt += (end < 0 ? text.length : end) - at;
    const parsed = end < 0 ? undefined : parse(text.slice(at, end));
    const call = parsed && asCall(parsed);
    if (call !== undefined) calls.push(call);
    at = text.indexOf("{", call === undefined ? at + 1 : end);
  }
  return calls;
}

function asCall(object: JsonObject): ToolCallPart | undefined {
  const nested = object.function;
  const source = typeof nested === "object" && nested !== null && !Array.isArray(nested) ? (nested as JsonObject) : object;
  const name = nameKeys.map((key) => source[key]).find((value) => typeof value === "string");
  const inputKey = inputKeys.find((key) => key in source);
  if (typeof name !== "string" || inputKey === undefined) return undefined;
  const input = source[inputKey] as Json;
  return { type: "tool-call", id: "", name, input: typeof input === "string" ? (parse(input) ?? input) : input };
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The index after the brace that closes the one at `start`; -1 when there is none. */
function objectEnd(text: string, start: number): number {
  let depth = 0;
  let isText = false;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (isText && character === "\\") index++;
    else if (character === '"') isText = !isText;
    else if (!isText && character === "{") depth++;
    else if (!isText && character === "}" && --depth === 0) return index + 1;
  }
  return -1;
}
