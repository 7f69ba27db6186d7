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
  const programs = found?.blocks.map(unfence).filter((block) => block.trim() !== "") ?? [];
  if (found === undefined || programs.length === 0) throw new ModelOutputError(howToWriteCode(text, tags));
  const before = text.slice(0, found.start).trim();
  return { thought: before.replace(/^thoughts?:\s*/i, ""), code: programs.join("\n\n") };
}

/** The text with its last block closed: a stop sequence cuts the closing tag off. */
export function closeCode(text: string, tags: CodeTags): string {
  return taggedBlocks(text, tags)?.isUnclosed ? `${text.trimEnd()}\n${tags.close}` : text;
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
  readonly isUnclosed?: boolean;
}

/**
 * Blocks between the tags, in one pass. A tag in quotes counts for nothing: neither prose such as "I'll put it between `<code>` tags" is an action,
 * nor does `print("</code>")` end one, unless no other closing tag follows.
 */
function taggedBlocks(text: string, { open, close }: CodeTags): Blocks | undefined {
  const blocks: string[] = [];
  let start = -1;
  let from = -1;
  let quotedClose = -1;
  for (const { 0: tag, index } of text.matchAll(new RegExp(`${escapePattern(open)}|${escapePattern(close)}`, "gi"))) {
    const end = index + tag.length;
    const isQuoted = index > 0 && "`'\"".includes(text[index - 1] as string) && text[end] === text[index - 1];
    const isOpening = tag.toLowerCase() === open.toLowerCase();
    if (from < 0 && isOpening && !isQuoted) {
      if (start < 0) start = index;
      from = end;
      quotedClose = -1;
    } else if (from >= 0 && !isOpening && !isQuoted) {
      blocks.push(text.slice(from, index));
      from = -1;
    } else if (!isOpening && quotedClose < 0) quotedClose = index;
  }
  if (from >= 0) blocks.push(text.slice(from, quotedClose < 0 ? text.length : quotedClose));
  return start < 0 ? undefined : { start, blocks, isUnclosed: from >= 0 && quotedClose < 0 };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
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
  const body = block.slice(head?.length ?? 0).trimEnd();
  const inner = head === undefined ? body : body.replace(/\n[ \t]*```$/, "");
  const code = inner.replace(/^(?:[ \t]*\r?\n)+/, "").trimEnd();
  const indentation = /^[ \t]+/.exec(code)?.[0];
  return indentation === undefined ? code : code.replaceAll(new RegExp(`^${indentation}`, "gm"), "");
}

function howToWriteCode(text: string, { open, close }: CodeTags): string {
  const answered = /final answer|answer is/i.test(text) ? "\nTo end with your answer, call final_answer in the code." : "";
  return `Your answer holds no code between ${open} and ${close}. Write it in this form:\nThought: your reasoning\n${open}\nfinal_answer("your answer")\n${close}${answered}`;
}
