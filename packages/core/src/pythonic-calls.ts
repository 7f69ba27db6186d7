import { findBlocks } from "./code-blocks.ts";
import { codeTags } from "./code-tags.ts";
import { readLooseJson } from "./loose-json.ts";
import { madeUp } from "./made-up.ts";
import type { ModelTool, ToolCallPart } from "./model.ts";
import type { FoundCall } from "./parse-tool-calls.ts";
import { isObject } from "./schema.ts";
import { callOf, parametersOf } from "./tool-call-input.ts";
import type { Json } from "./value.ts";

const maxTries = 5;

/**
 * Calls that some models write as code: `[search(query="a"), search("b")]`, also printed or in a block. They have to begin the block, or a line, and their
 * arguments have to be plain values: whatever needs an interpreter is no call. Behind prose that is no labelled thought only a form counts that models were trained
 * to call in: they also tell users what to write.
 */
export function pythonicCalls(text: string, tools: readonly ModelTool[]): readonly FoundCall[] {
  if (tools.length === 0) return [];
  const blocks = findBlocks(text, codeTags, "python");
  const isCall = (start: number): boolean =>
    /^\s*(?:`{3}\w*\s*)?(?:$|\**thought)/i.test(text.slice(0, start)) || trained.test(text.slice(start, start + 30));
  if (blocks.length > 0 && !isCall(blocks[0]?.start ?? 0)) return [];
  if (blocks.length > 0) return blocks.flatMap(({ code, start, end }) => readStatements(code, tools).map((call) => ({ call, start, end })));
  const openings = text.matchAll(new RegExp(`^${lead}(?:${tools.map(({ name }) => name).join("|")})\\(`, "gm"));
  for (const { index: start } of [...openings].slice(0, maxTries)) {
    if (!isCall(start)) continue;
    const rest = text.slice(start);
    const calls = readStatements(rest.slice(0, madeUp.exec(rest)?.index), tools);
    if (calls.length > 0) return calls.map((call) => ({ call, start, end: text.length }));
  }
  return [];
}

/** How a call begins that is one wherever it stands. */
const trained = /^\s*(?:\[|<|```tool_code|\**Action:|to=|final_answer\()/;

const lead =
  "(?:\\**Action:\\**[ \\t]*)?(?:<\\|[\\w ]+\\|>)?\\[?(?:[A-Za-z_]\\w* ?= ?)?(?:await )?(?:print\\(|console\\.log\\()?(?:await )?(?:(?:default_api|functions|tools)\\.)?";
const opened = new RegExp(`${lead}([A-Za-z_]\\w*)\\(`, "y");
/** What can stand between calls and after them, a look at a result included. */
const between = /(?:[\s)\],;]|#[^\n]*(?:\n|$)|<\|?\/?[\w ]+\|?>|`{3}|print\(\w*\))*/y;

/** The calls up to a line that is none. A line that only begins with one is no call either. */
function readStatements(text: string, tools: readonly ModelTool[]): readonly ToolCallPart[] {
  const calls: ToolCallPart[] = [];
  let complete = 0;
  for (let at = 0; ; ) {
    at += take(between, text, at).length;
    if (at >= text.length || text[at - 1] === "\n") complete = calls.length;
    const head = take(opened, text, at);
    const name = /(\w+)\($/.exec(head)?.[1];
    const tool = tools.find((each) => each.name === name);
    const read = tool && readArguments(text, at + head.length, Object.keys(parametersOf(tool)));
    if (tool === undefined || read === undefined) return calls.slice(0, complete);
    calls.push(callOf(tool.name, read.input, tools));
    at = read.end;
  }
}

function readArguments(
  text: string,
  start: number,
  parameters: readonly string[],
): { readonly input: { [key: string]: Json }; readonly end: number } | undefined {
  const input: { [key: string]: Json } = Object.create(null);
  let at = start;
  for (let position = 0; ; position++) {
    at += take(/\s*,?\s*/y, text, at).length;
    if (text[at] === ")") return { input: { ...input }, end: at + 1 };
    const key = take(/[A-Za-z_]\w*\s*=\s*/y, text, at);
    const { value, end, isWhole } = readLooseJson(text, at + key.length);
    if (value === undefined || !isWhole) return undefined;
    const name = key === "" ? parameters[position] : key.replace(/\s*=\s*$/, "");
    if (key === "" && position === 0 && isObject(value) && Object.keys(value).every((each) => parameters.includes(each))) Object.assign(input, value);
    else if (name === undefined || name in input) return undefined;
    else input[name] = value;
    at = end;
  }
}

function take(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
