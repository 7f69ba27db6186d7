import { type CodeTags, codeTags, type Language } from "./code-tags.ts";
import { findFences } from "./fences.ts";
import { otherBlocks } from "./other-forms.ts";

/** A piece of the text that is meant as code. */
export interface Block {
  readonly start: number;
  /** After the closing mark. */
  readonly end: number;
  readonly code: string;
  readonly isClosed: boolean;
}

/** All in the form that was asked for, or else in the first that the text has any of. */
export function findBlocks(text: string, tags: CodeTags, language: Language): readonly Block[] {
  const forms = [taggedBlocks(text, tags), fencedBlocks(text, language)];
  // A line tells best where a fence ends: programs have backticks in their texts.
  if (tags.open.startsWith("```")) forms.reverse();
  return [...forms, taggedBlocks(text, codeTags), otherBlocks(text)].find((blocks) => blocks.length > 0) ?? [];
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
    } else if (opening !== undefined && !tag.isOpening && !(isStrict && tag.rank === Rank.quoted)) {
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

/** Tags may have spaces and, where they open, attributes: `<code lang="python">`. */
function tagPattern({ open, close }: CodeTags): RegExp {
  const [opening = "", closing = ""] = [open, close].map((tag) => tag.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const loose = [opening.replace(/^<(.*)>$/, "< ?$1(?:\\s[^<>\\n]*)?(?<!/)>"), closing.replace(/^<\/(.*)>$/, "<(?: ?[/\\\\] ?$1\\s?|$1 ?/)>")];
  return new RegExp(`(${loose[0]})|${loose[1]}`, "gi");
}

function findTags(text: string, tags: CodeTags): readonly Tag[] {
  return [...text.matchAll(tagPattern(tags))].map((match) => {
    const start = match.index;
    const end = start + match[0].length;
    const line =
      text
        .slice(Math.max(0, start - 200), start)
        .split("\n")
        .at(-1) ?? "";
    // `"<code>a</code>"`, `'</code></pre>'`: what a program writes.
    const isWritten = match[1] === undefined && (line.trimStart().indexOf(tags.open) > 0 || (line.trim() !== "" && /["'`\\]/.test(text[end] ?? "")));
    const isQuoted = isWritten || (start > 0 && "`'\"".includes(text[start - 1] as string) && text[end] === text[start - 1]);
    const startsLine = /(?:^|[\r\n])[^\S\r\n]*$/.test(text.slice(Math.max(0, start - 100), start).replaceAll("\u200B", ""));
    const isAlone = startsLine && /^[^\S\r\n]*(?:[\r\n]|$)/.test(text.slice(end, end + 100).replaceAll("\u200B", ""));
    const rank = isQuoted ? Rank.quoted : isAlone ? Rank.alone : startsLine ? Rank.startsLine : Rank.plain;
    return { start, end, isOpening: match[1] !== undefined, rank };
  });
}

const labels = {
  python: /^(?:python[\d.]*|py\d?|ipython\d?|pycon|jupyter|tool_code)$/i,
  javascript: /^(?:javascript|js|jsx|typescript|ts|tsx|mjs)$/i,
};
const noLanguage = /^(?:code|te?xt|plaintext)?$/i;

/** Fences of the language, without a label only when there is no labelled one. */
export function fencedBlocks(text: string, language: Language): readonly Block[] {
  const fences = findFences(text);
  const labelled = fences.filter(({ label }) => labels[language].test(label));
  return labelled.length > 0 ? labelled : fences.filter(({ label, code }) => /^(?:code)?$/i.test(label) && looksLikeCode(code));
}

/** Whether the text begins with a fence of another language. */
export function isForeign(text: string, language: Language): boolean {
  const [first] = findFences(text);
  return first !== undefined && text.slice(0, first.start).trim() === "" && !noLanguage.test(first.label) && !labels[language].test(first.label);
}

/** An unlabelled fence may hold a table or a log: it must have a statement or a call to count. */
function looksLikeCode(block: string): boolean {
  return statements.some((statement) => statement.test(block));
}

const statements = [
  /^[ \t]*(?:>>> |import |from [\w.]+ import |@\w|(?:async )?def \w|class \w.*[:{(]|try:|assert |(?:async )?function\b|(?:const|let|var) .*=|await \w)/m,
  /^[ \t]*(?:async )?(?:for|while|if|with)\b.*(?::[ \t]*(?:#.*)?$|\()/m,
  /^[ \t]*[A-Za-z_][\w.]*\((?:.*[)\](,{[:;\\])?[ \t]*(?:#.*|\/\/.*)?$/m,
  /^[ \t]*[A-Za-z_][\w.]*(?:\[[^\]\r\n\u2028\u2029]*\])*(?:, ?[A-Za-z_]\w*)*[ \t]*[-+*/]?=(?!=)/m,
];
