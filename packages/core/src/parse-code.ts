import { ModelOutputError } from "./errors.ts";
import type { JsonSchema } from "./schema.ts";

/** How code stands in the model's text. */
export interface CodeTags {
  readonly open: string;
  readonly close: string;
}

export const codeTags: CodeTags = { open: "<code>", close: "</code>" };

/** Fenced blocks; the prompt then asks for them instead of tags. */
export function markdownTags(language: "python" | "javascript"): CodeTags {
  return { open: `\`\`\`${language}`, close: "```" };
}

export interface ParsedAction {
  readonly thought: string;
  readonly code: string;
}

/**
 * The program in a model's text: the blocks between the tags, joined; an unclosed last block counts. Without tags, fenced blocks of the language.
 * Prose is never code. Throws {@link ModelOutputError} that shows the model the expected form.
 */
export function parseCode(text: string, tags: CodeTags, language: "python" | "javascript"): ParsedAction {
  const found = taggedBlocks(text, tags) ?? fencedBlocks(text, language);
  const code = found?.blocks
    .map(unfence)
    .filter((block) => block.trim() !== "")
    .join("\n\n");
  if (found === undefined || !code) throw new ModelOutputError(howToWriteCode(text, tags));
  return {
    thought: text
      .slice(0, found.start)
      .trim()
      .replace(/^thoughts?:\s*/i, ""),
    code,
  };
}

/** The text with its last block closed: a stop sequence cuts the closing tag off. */
export function closeCode(text: string, { open, close }: CodeTags): string {
  const lower = foldCase(text);
  const opened = lower.lastIndexOf(foldCase(open));
  return opened < 0 || lower.indexOf(foldCase(close), opened + open.length) >= 0 ? text : `${text.trimEnd()}\n${close}`;
}

/** The response schema of the structured mode. */
export const structuredAction: { readonly name: string; readonly schema: JsonSchema } = {
  name: "action",
  schema: {
    type: "object",
    properties: { thought: { type: "string" }, code: { type: "string" } },
    required: ["thought", "code"],
    additionalProperties: false,
  },
};

/** The action of the structured mode: `{"thought": …, "code": …}`, also inside a fence. Throws {@link ModelOutputError}. */
export function parseStructured(text: string): ParsedAction {
  let action: unknown;
  try {
    action = JSON.parse(unfence(text.trim()));
  } catch (cause) {
    throw new ModelOutputError(`Your answer is not valid JSON. Answer with one JSON object: {"thought": "…", "code": "…"}`, { cause });
  }
  const { thought = "", code } = (typeof action === "object" && action !== null ? action : {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || code.trim() === "")
    throw new ModelOutputError(`Your JSON holds no "code" text. Answer with {"thought": "…", "code": "…"}`);
  return { thought: typeof thought === "string" ? thought : "", code: unfence(code) };
}

interface Blocks {
  readonly start: number;
  readonly blocks: readonly string[];
}

/**
 * Blocks between the tags. The opening tag counts at the start of a line or after text that isn't a quotation of the tag,
 * so that prose such as "I'll put it between `<code>` tags" is not an action.
 */
function taggedBlocks(text: string, { open, close }: CodeTags): Blocks | undefined {
  const lower = foldCase(text);
  const [openTag, closeTag] = [foldCase(open), foldCase(close)];
  const closes: CloseSearch = { noneAfter: text.length + 1 };
  const blocks: string[] = [];
  let start = -1;
  for (let from = 0; ; ) {
    const opened = lower.indexOf(openTag, from);
    if (opened < 0) break;
    from = opened + openTag.length;
    if (isQuoted(text, opened, from)) continue;
    const closed = findClose(lower, text, closeTag, from, closes);
    const end = closed < 0 ? text.length : closed;
    blocks.push(text.slice(from, end));
    if (start < 0) start = opened;
    if (closed < 0) break;
    from = closed + closeTag.length;
  }
  return start < 0 ? undefined : { start, blocks };
}

/** A closing tag in quotes, as in `print("</code>")`, belongs to the code when a real one follows. */
function findClose(lower: string, text: string, closeTag: string, from: number, search: CloseSearch): number {
  const first = lower.indexOf(closeTag, from);
  if (from >= search.noneAfter) return first;
  for (let at = first; at >= 0; at = lower.indexOf(closeTag, at + 1)) {
    if (!isQuoted(text, at, at + closeTag.length)) return at;
  }
  search.noneAfter = from;
  return first;
}

/** Where it is known that no unquoted closing tag follows, so that a text full of quoted ones is read once. */
interface CloseSearch {
  noneAfter: number;
}

/** Lower case without changing any length, as `toLowerCase` does for some letters. */
function foldCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function isQuoted(text: string, start: number, end: number): boolean {
  const before = text[start - 1];
  return before !== undefined && "`'\"".includes(before) && text[end] === before;
}

/** Fences of the language, without a label only when there is no labelled one. */
function fencedBlocks(text: string, language: "python" | "javascript"): Blocks | undefined {
  const labels = language === "python" ? /^(python3?|py3?|ipython|pycon)$/i : /^(javascript|js|typescript|ts|mjs)$/i;
  const fences = [...text.matchAll(/^[ \t]*(`{3,}|~{3,})([^\n`]*)\n([\s\S]*?)(?:^[ \t]*\1[ \t]*$|(?![\s\S]))/gm)].map((match) => ({
    start: match.index,
    label: (match[2] ?? "").trim().split(/[\s{]/)[0] ?? "",
    code: match[3] ?? "",
  }));
  const labelled = fences.filter(({ label }) => labels.test(label));
  const chosen = labelled.length > 0 ? labelled : fences.filter(({ label, code }) => label === "" && looksLikeCode(code));
  const first = chosen[0];
  return first && { start: first.start, blocks: chosen.map(({ code }) => code) };
}

/** An unlabelled fence may hold a table or a log: it must have a statement or a call to count. */
function looksLikeCode(block: string): boolean {
  return (
    /^[ \t]*(import |from \w+ import |def |class |for |while |if |with |try:|print\(|final_answer\(|const |let |await )/m.test(block) ||
    /^[ \t]*[A-Za-z_][\w.]*[ \t]*(=[^=]|\()/m.test(block)
  );
}

/** Models put a fence inside the tags, and indent whole blocks under a list item. */
export function unfence(block: string): string {
  const head = /^\s*```[\w+-]*[ \t]*\r?\n/.exec(block)?.[0];
  const inner =
    head === undefined
      ? block
      : block
          .slice(head.length)
          .trimEnd()
          .replace(/\n[ \t]*```$/, "");
  const code = inner.replace(/^(?:[ \t]*\r?\n)+/, "").trimEnd();
  const indentation = /^[ \t]+/.exec(code)?.[0];
  return indentation === undefined ? code : code.replaceAll(new RegExp(`^${indentation}`, "gm"), "");
}

function howToWriteCode(text: string, { open, close }: CodeTags): string {
  const answered = /final answer|answer is/i.test(text) ? "\nTo end with your answer, call final_answer in the code." : "";
  return `Your answer holds no code between ${open} and ${close}. Write it in this form:\nThought: your reasoning\n${open}\nfinal_answer("your answer")\n${close}${answered}`;
}
