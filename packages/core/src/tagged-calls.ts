import type { ModelTool } from "./model.ts";
import type { FoundCall } from "./parse-tool-calls.ts";
import { isObject } from "./schema.ts";
import { callOf, parametersOf, wholeJson } from "./tool-call-input.ts";
import type { Json } from "./value.ts";

const prefix = "(?:[\\w-]+:|｜\\w+｜)?";
const begin = `<${prefix}(?:function=|(?:invoke|function) name=)`;
const forms = [
  {
    call: new RegExp(
      `${begin}["']?([\\w.-]+)["']?>((?:(?!${begin})[\\s\\S])*?)(?:</${prefix}(?:function|invoke)>|(?:</tool_call>|(?![\\s\\S]))(?<=</${prefix}parameter>\\s*(?:</tool_call>)?))`,
      "g",
    ),
    argument: new RegExp(
      `<${prefix}parameter(?:=| name=)["']?([\\w-]+)["']?(?: [^<>\\n]*)?>\\n?((?:(?!<${prefix}parameter[ =])[\\s\\S])*?)\\n?</${prefix}parameter>`,
      "g",
    ),
  },
  {
    call: /<tool_call>\s*([\w.-]+)\s*(<arg_key>(?:(?!<tool_call>)[\s\S])*?)?<\/tool_call>/g,
    argument: /<arg_key>([\w-]+)<\/arg_key>\s*<arg_value>((?:(?!<arg_key>)[\s\S])*?)<\/arg_value>/g,
  },
];

/**
 * `<function=search><parameter=query>…`, `<invoke name="search"><parameter name="query">…`, `<tool_call>search<arg_key>query</arg_key><arg_value>…` and, of known
 * tools, `<search><query>…`.
 */
export function taggedCalls(text: string, tools: readonly ModelTool[]): FoundCall[] {
  for (const { call, argument } of forms) {
    const found = [...text.matchAll(call)].flatMap(({ index: start, 0: whole, 1: name = "", 2: body = "" }) => {
      const parameters = parametersOf(tools.find((tool) => tool.name === name));
      const entries = [...body.matchAll(argument)].map(([, key = "", value = ""]) => [key, typed(value, parameters[key])] as const);
      const isCall = entries.length > 0 || body.trim() === "";
      return isCall ? [{ call: callOf(name, Object.fromEntries(entries), tools), start, end: start + whole.length }] : [];
    });
    if (found.length > 0) return found;
  }
  return tools.flatMap((tool) => namedCalls(text, tool)).sort((a, b) => a.start - b.start);
}

/** Elements that are named like the tool and its parameters; where it has one parameter, also without an element of that. */
function namedCalls(text: string, tool: ModelTool): FoundCall[] {
  const { name } = tool;
  const parameters = parametersOf(tool);
  const keys = Object.keys(parameters).filter((key) => /^\w+$/.test(key));
  const argument = new RegExp(`<(${keys.join("|")})>\\n?((?:(?!<\\1>)[\\s\\S])*?)\\n?</\\1>`, "g");
  const head = `(?:<${name}>|<invoke>\\s*<tool_name>${name}</tool_name>\\s*<parameters>)`;
  const element = new RegExp(`^[ \\t]*${head}((?:(?!${head})[\\s\\S])*?)</(?:${name}|parameters)>`, "gm");
  return [...text.matchAll(element)].flatMap(({ index: start, 0: whole, 1: body = "" }) => {
    const entries =
      keys.length === 0 ? [] : [...body.matchAll(argument)].map(([, key = "", value = ""]) => [key, typed(value, parameters[key])] as const);
    const [only = "", ...more] = keys;
    const value = body.trim();
    if (entries.length === 0 && only !== "" && more.length === 0 && value !== "") entries.push([only, typed(value, parameters[only])]);
    const isCall = entries.length > 0 || (value === "" && keys.length === 0);
    return isCall ? [{ call: callOf(name, Object.fromEntries(entries), [tool]), start, end: start + whole.length }] : [];
  });
}

/** Between tags everything is text, which it stays where the tool takes one. */
function typed(text: string, schema: unknown): Json {
  const { type, anyOf } = isObject(schema) ? schema : {};
  const types = [type, ...(Array.isArray(anyOf) ? anyOf.map((choice) => (isObject(choice) ? choice.type : undefined)) : [])].flat();
  const value = wholeJson(text);
  const isText = value === undefined || (types.includes("string") && !(value === null && types.includes("null")));
  return isText ? text : value;
}
