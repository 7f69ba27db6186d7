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
 * Prose is never code, nor is what the model thought aloud (`<think>`) or wrote after an observation that it made up.
 * Throws {@link ModelOutputError} that shows the model the expected form.
 */
export function parseCode(text: string, tags: CodeTags, language: "python" | "javascript"): ParsedAction {
  const said = withoutEndMarks(text.slice(thinkingEnd(text)));
  const found = untilObservation(said, findBlocks(said, tags, language));
  const programs = found.map(({ code }) => unfence(code)).filter((code) => code.trim() !== "");
  if (programs.length === 0) throw new ModelOutputError(howToWriteCode(text, tags));
  const before = said.slice(0, found[0]?.start).trim();
  return { thought: before.replace(/^thoughts?:\s*/i, ""), code: programs.join("\n\n") };
}

/** The text with its last block closed: a stop sequence cuts the closing tag off. */
export function closeCode(text: string, tags: CodeTags): string {
  return taggedBlocks(text, tags).at(-1)?.isClosed === false ? `${text.trimEnd()}\n${tags.close}` : text;
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

/** The action of the structured mode: `{"thought": …, "code": …}`, also inside a fence or among prose. Throws {@link ModelOutputError}. */
export function parseStructured(text: string): ParsedAction {
  const said = text.slice(thinkingEnd(text));
  let action: unknown;
  try {
    action = JSON.parse(said.slice(said.indexOf("{"), said.lastIndexOf("}") + 1));
  } catch (cause) {
    throw new ModelOutputError(`Your answer is not valid JSON. Answer with one JSON object: {"thought": "…", "code": "…"}`, { cause });
  }
  const { thought = "", code } = (typeof action === "object" && action !== null ? action : {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || code.trim() === "")
    throw new ModelOutputError(`Your JSON holds no "code" text. Answer with {"thought": "…", "code": "…"}`);
  const isTagged = code.trimStart().startsWith(codeTags.open);
  return { thought: typeof thought === "string" ? thought : "", code: isTagged ? parseCode(code, codeTags, "python").code : unfence(code) };
}

interface Block {
  readonly start: number;
  /** After the closing mark. */
  readonly end: number;
  readonly code: string;
  readonly isClosed: boolean;
}

/** Some servers leave a model's thoughts in its text, also without the mark that opens them. Programs that read such texts have the mark in quotes. */
export function thinkingEnd(text: string): number {
  const isOpened = /^\s*<think(?:ing)?>/.test(text);
  const mark = (isOpened ? /<\/think(?:ing)?>(?!['"`|)\\])/ : /<\/think(?:ing)?>(?=[ \t]*(?:\r?\n|$)|<)/).exec(text);
  return mark === null ? 0 : mark.index + mark[0].length;
}

/** The text without the marks that chat templates and other agents' models end it with. */
function withoutEndMarks(text: string): string {
  let said = text.trimEnd();
  for (;;) {
    const mark = /<(?:end_code|end_action|\/s|\|\w+\|)>$/.exec(said.slice(-40));
    if (mark === null) return said;
    said = said.slice(0, -mark[0].length).trimEnd();
  }
}

/** Where fences are asked for, a line tells best where one ends: programs have backticks in their texts. */
function findBlocks(text: string, tags: CodeTags, language: "python" | "javascript"): readonly Block[] {
  const find = [() => taggedBlocks(text, tags), () => fencedBlocks(text, language)];
  if (tags.open.startsWith("```")) find.reverse();
  for (const blocks of [...find, () => taggedBlocks(text, codeTags)].map((each) => each())) if (blocks.length > 0) return blocks;
  return [];
}

export const observation: RegExp = /^\**Observation:/m;

/** A model that isn't stopped goes on with an observation of its own, and acts on what it made up. */
function untilObservation(text: string, blocks: readonly Block[]): readonly Block[] {
  const cut = blocks.findIndex(({ start }, index) => index > 0 && observation.test(text.slice(blocks[index - 1]?.end, start)));
  const kept = cut < 0 ? blocks : blocks.slice(0, cut);
  return kept.map((block) => (block.isClosed ? block : { ...block, code: block.code.split(observation)[0] ?? "" }));
}

/**
 * Blocks between the tags, in one pass. A tag in quotes counts for nothing: neither prose such as "I'll put it between `<code>` tags" is an action,
 * nor does `print("</code>")` end one, unless no other closing tag follows. Where a block opens on a line of its own, as the prompt asks for, tags inside of
 * lines are prose or the program's.
 */
function taggedBlocks(text: string, tags: CodeTags): readonly Block[] {
  const all = findTags(text, tags);
  const isStrict = all.some(({ isOpening, rank }) => isOpening && rank === Rank.alone);
  const blocks: Block[] = [];
  let opening: Tag | undefined;
  let closing: Tag | undefined;
  const finish = (limit: number): void => {
    const end = closing?.start ?? limit;
    if (opening) blocks.push({ start: opening.start, end: closing?.end ?? end, code: text.slice(opening.end, end), isClosed: closing !== undefined });
    opening = closing = undefined;
  };
  for (const tag of all) {
    if (tag.isOpening && tag.rank >= (isStrict ? Rank.startsLine : Rank.plain) && (isStrict || opening === undefined)) {
      finish(tag.start);
      opening = tag;
    } else if (opening !== undefined && !tag.isOpening) {
      const isBetter = closing === undefined || Math.min(tag.rank, opening.rank) > Math.min(closing.rank, opening.rank);
      if (isBetter) closing = tag;
      if (!isStrict && tag.rank > Rank.quoted) finish(tag.start);
    }
  }
  finish(text.length);
  return blocks;
}

/** How likely a tag is meant as one. */
const Rank = { quoted: 0, plain: 1, startsLine: 2, alone: 3 } as const;

interface Tag {
  readonly start: number;
  readonly end: number;
  readonly isOpening: boolean;
  readonly rank: number;
}

function findTags(text: string, { open, close }: CodeTags): readonly Tag[] {
  // An opening tag may have attributes: <code lang="python">.
  const opening = escapePattern(open).replace(/>$/, "(?:\\s[^<>\\n]*)?>");
  return [...text.matchAll(new RegExp(`(${opening})|${escapePattern(close)}`, "gi"))].map((match) => {
    const start = match.index;
    const end = start + match[0].length;
    const isQuoted = start > 0 && "`'\"".includes(text[start - 1] as string) && text[end] === text[start - 1];
    const startsLine = /(?:^|[\r\n])[ \t\uFEFF]*$/.test(text.slice(Math.max(0, start - 100), start));
    const isAlone = startsLine && /^[ \t]*(?:[\r\n]|$)/.test(text.slice(end, end + 100));
    const rank = isQuoted ? Rank.quoted : isAlone ? Rank.alone : startsLine ? Rank.startsLine : Rank.plain;
    return { start, end, isOpening: match[1] !== undefined, rank };
  });
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

const labels = {
  python: /^(python3?|py3?|ipython|pycon|tool_code)$/i,
  javascript: /^(javascript|js|jsx|typescript|ts|tsx|mjs)$/i,
};

/** Fences of the language, without a label only when there is no labelled one. */
function fencedBlocks(text: string, language: "python" | "javascript"): readonly Block[] {
  const fences = [...text.matchAll(/^[ \t]*(`{3,}|~{3,})([^\n`]*)\n([\s\S]*?)(?:(^[ \t]*\1[ \t]*(?:<.*)?$)|(?![\s\S]))/gm)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    label: (match[2] ?? "").trim().split(/[\s{:]/)[0] ?? "",
    code: match[3] ?? "",
    isClosed: match[4] !== undefined,
  }));
  const labelled = fences.filter(({ label }) => labels[language].test(label));
  return labelled.length > 0 ? labelled : fences.filter(({ label, code }) => label === "" && looksLikeCode(code));
}

/** An unlabelled fence may hold a table or a log: it must have a statement or a call to count. */
function looksLikeCode(block: string): boolean {
  return statements.some((statement) => statement.test(block));
}

const statements = [
  /^[ \t]*(?:import |from [\w.]+ import |@\w|(?:async )?def \w|class \w.*[:{(]|try:|assert |(?:async )?function\b|(?:const|let|var) .*=|await \w)/m,
  /^[ \t]*(?:async )?(?:for|while|if|with)\b.*(?::[ \t]*(?:#.*)?$|\()/m,
  /^[ \t]*[A-Za-z_][\w.]*\(/m,
  /^[ \t]*[A-Za-z_][\w.]*(?:\[[^\]\n]*\])*(?:, ?[A-Za-z_]\w*)*[ \t]*[-+*/]?=(?!=)/m,
];

/** Models put a fence inside the tags, or end with one alone, name the language once more, and indent whole blocks under a list item. */
export function unfence(block: string): string {
  const head = /^\s*(?:```[\w+-]*|python3?|py|javascript|js)[ \t]*\r?\n/i.exec(block)?.[0];
  const inner = block
    .slice(head?.length ?? 0)
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
