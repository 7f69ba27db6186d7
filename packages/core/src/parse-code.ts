import { fencedBlocks, findBlocks, isForeign } from "./code-blocks.ts";
import { type CodeTags, codeTags, type Language, type ParsedAction } from "./code-tags.ts";
import { ModelOutputError } from "./errors.ts";
import { objectWith, readLooseJson } from "./loose-json.ts";
import { chatMark, untilMadeUp } from "./made-up.ts";
import { otherProgram, unescaped } from "./other-forms.ts";
import { parseToolCalls } from "./parse-tool-calls.ts";
import { howToWriteCode } from "./prompts/how-to-write-code.ts";
import { withoutThoughts } from "./thoughts.ts";

/**
 * The program in a model's text: the blocks between the tags, joined; an unclosed last block counts. Without tags, fenced blocks of the language. A block that
 * is written again right behind itself is the same one. Prose is never code, nor is what the model thought aloud (`<think>`) or wrote after an outcome that it made up.
 * Throws {@link ModelOutputError} that shows the model the expected form.
 */
export function parseCode(text: string, tags: CodeTags, language: Language): ParsedAction {
  const said = withoutEndMarks(withoutThoughts(text, tags.open.startsWith("```") ? undefined : tags));
  const found = untilMadeUp(said, findBlocks(said, tags, language));
  const programs = found
    .flatMap(({ code, isClosed }) => programsIn(isClosed ? code : beforeNextTurn(code), language))
    .filter((code) => code.trim() !== "" && !isData(code));
  if (programs.length === 0) return withoutBlocks(text, said, tags, language);
  const code = programs.filter((program, index) => program !== programs[index - 1]).join("\n\n");
  return { thought: withoutLabel(said.slice(0, found[0]?.start)), code };
}

const structuredForm = 'Answer with one JSON object: {"thought": "…", "code": "…"}';

/** The action of the structured mode: `{"thought": …, "code": …}`, also inside a fence or among prose. Throws {@link ModelOutputError}. */
export function parseStructured(text: string, language: Language = "python"): ParsedAction {
  const { thought = "", code } = objectWith("code", withoutThoughts(text)) ?? {};
  if (typeof code !== "string" || code.trim() === "") throw new ModelOutputError(`Your answer holds no "code" text in valid JSON. ${structuredForm}`);
  const isTagged = code.trimStart().startsWith(codeTags.open);
  const program = isTagged ? parseCode(code, codeTags, language).code : programsIn(code, language).join("\n\n");
  if (program.trim() === "") throw new ModelOutputError(`Its "code" is no ${language}. ${structuredForm}`);
  return { thought: typeof thought === "string" ? thought : "", code: program };
}

function withoutBlocks(text: string, said: string, tags: CodeTags, language: Language): ParsedAction {
  const plain = unescaped(said);
  if (plain !== undefined) return parseCode(plain, tags, language);
  const { thought, calls } = parseToolCalls(said);
  const other = otherProgram(said, thought, calls);
  if (other === undefined) throw new ModelOutputError(howToWriteCode({ text, said, tags, language, call: calls[0] }));
  return { thought: withoutLabel(other.thought), code: programsIn(other.code, language).join("\n\n") };
}

function withoutLabel(thought: string): string {
  return thought.trim().replace(/^thoughts?:\s*/i, "");
}

/** The text without the marks that chat templates and other agents' models end it with. */
function withoutEndMarks(text: string): string {
  let said = text.trimEnd();
  for (;;) {
    const mark = /<(?:end_code|end_action|end_of_turn|eos|\/s|[|｜][^<>\s]+[|｜])>$/.exec(said.slice(-40));
    if (mark === null) return said;
    said = said.slice(0, -mark[0].length).trimEnd();
  }
}

/** A call as JSON or in tags would be a value that Python shows, or a syntax error. */
function isData(code: string): boolean {
  let rest = code.trim();
  if (!/^(?:\[?\s*\{|<)/.test(rest)) return false;
  for (let value: unknown = null; value !== undefined && /^[[{]/.test(rest); ) {
    const read = readLooseJson(rest, 0);
    value = read.value;
    if (value !== undefined) rest = rest.slice(read.end).replace(/^[\s,;]+/, "");
  }
  return (rest === "" || rest.startsWith("<")) && parseToolCalls(code).calls.length > 0;
}

/** A model that isn't stopped goes on with an outcome, or a turn, of its own. What stands in a text of the program is the program's. */
function beforeNextTurn(code: string): string {
  let inText = false;
  for (const { index, groups } of code.matchAll(nextTurn)) {
    if (groups?.quotes !== undefined) inText = !inText;
    else if (!inText) return code.slice(0, index);
  }
  return code;
}

/** Where an unclosed block ends at the latest. */
const nextTurn = new RegExp(
  `(?<quotes>"""|'''|(?<!\\\\)\`)|^\\**(?:Observation|Thought)\\**:|(?:${chatMark})(?=[ \\t\\r]*(?:$|<))|^(?:${chatMark})`,
  "gm",
);

/** What is meant to run of a block. Models put fences inside the tags, with prose around them, and copy the prompts of an interactive session. */
function programsIn(block: string, language: Language): readonly string[] {
  const isText = /"""|'''|\/\*/.test(block.split(/^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?:```|~~~)/m, 1)[0] ?? "");
  const fences = isText ? [] : fencedBlocks(block, language);
  if (fences.length > 0) return fences.map(({ code }) => program(code));
  return isForeign(block, language) ? [] : [program(unfence(withoutEndMarks(block)))];
}

/** Models end a block with a fence alone, name the language once more, and indent whole blocks under a list item. */
function unfence(block: string): string {
  const head = /^\s*(?:```[\w+-]*|python3?|py3?|javascript|js)[ \t]*\r?\n/i.exec(block)?.[0];
  return block
    .slice(head?.length ?? 0)
    .trimEnd()
    .replace(/\n[ \t]*```$/, "");
}

function program(text: string): string {
  const code = text
    .replaceAll(/^[ \t\u00A0\u200B\u2060\uFEFF]+/gm, (indentation) => indentation.replaceAll("\u00A0", " ").replaceAll(/[\u200B\u2060\uFEFF]/g, ""))
    .replace(/^(?:[ \t]*\r?\n)+/, "")
    .trimEnd();
  const indentation = /^[ \t]+/.exec(code)?.[0];
  const lines = indentation === undefined ? code : code.replaceAll(new RegExp(`^${indentation}`, "gm"), "");
  return lines.startsWith(">>> ") ? typedLines(lines) : lines;
}

/** What was typed in an interactive session, without what came out. */
function typedLines(session: string): string {
  return session
    .split("\n")
    .flatMap((line) => /^(?:>>>|\.\.\.)(?: (.*)|\s*)$/.exec(line)?.slice(1, 2) ?? [])
    .map((line) => line ?? "")
    .join("\n");
}
