import type { Block } from "./code-blocks.ts";
import type { ParsedAction } from "./code-tags.ts";
import { readLooseJson } from "./loose-json.ts";
import { madeUp } from "./made-up.ts";
import type { ToolCallPart } from "./model.ts";
import { isObject } from "./schema.ts";
import { wholeJson } from "./tool-call-input.ts";

const names = "python|py|tool_code|execute(?:_ipython|_python)?|run_code";
const forms = [
  new RegExp(`^[ \\t]*[<[](${names})[>\\]]((?:(?![<[](?:${names})[>\\]])[\\s\\S])*?)[<[]/\\1[>\\]]`, "gim"),
  // Llama's own way to run code, and that of gpt-oss.
  /(<\|python_tag\|>)\s*(?![{[\s])([^<]*(?:<(?!\|)[^<]*)*)/g,
  /( to=python(?: code)?(?:<\|constrain\|>\w+)?<\|message\|>)([^<]*(?:<(?!\|)[^<]*)*)/g,
];

/** Programs in the marks of other agents and of models that were trained with an interpreter. */
export function otherBlocks(text: string): readonly Block[] {
  for (const form of forms) {
    const found = [...text.matchAll(form)];
    if (found.length > 0)
      return found.map(({ index: start, 0: whole, 2: code = "" }) => ({ start, end: start + whole.length, code, isClosed: true }));
  }
  return [];
}

const interpreters = /^(?:i?python|python_interpreter|code_interpreter|(?:execute|run)_(?:python|code)|code|py)$/i;

/** A program that stands in a call of an interpreter, in an object of the structured mode, or as one last line that gives the answer. */
export function otherProgram(text: string, thought: string, calls: readonly ToolCallPart[]): ParsedAction | undefined {
  const [call] = calls;
  if (call !== undefined)
    return interpreters.test(call.name) ? action(thought, isObject(call.input) ? (call.input.code ?? call.input.input) : call.input) : undefined;
  const at = text.search(/\{\s*"(?:thought|code)"/);
  const { value } = at < 0 ? { value: undefined } : readLooseJson(text, at);
  if (isObject(value)) return action(value.thought, value.code);
  const answer = /^final_answer\([\s\S]*\)$|\nfinal_answer\((?:answer ?= ?)?(?<plain>.*)\)$/.exec(text.trim());
  const isWhole = answer?.groups?.plain === undefined || wholeJson(answer.groups.plain) !== undefined; // names may be those of a program without tags
  return answer === null || !isWhole || madeUp.test(text) ? undefined : action(text.trim().slice(0, answer.index), answer[0].trim());
}

function action(thought: unknown, code: unknown): ParsedAction | undefined {
  return typeof code === "string" && code.trim() !== "" ? { thought: typeof thought === "string" ? thought : "", code } : undefined;
}

const marks: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };

/** A text whose tags were escaped for a web page; undefined where they were not. */
export function unescaped(text: string): string | undefined {
  return /&lt;code&gt;/i.test(text) ? text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => marks[name] as string) : undefined;
}
