import type { Block } from "./code-blocks.ts";

/** A fenced block, closed or not. */
export interface Fence extends Block {
  /** What stands behind the opening mark, up to the first sign: the language. */
  readonly label: string;
}

/** The fences of a text, line by line: indented, in lists, longer than usual, closed by a tag, or not closed. */
export function findFences(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  for (let at = 0; at < text.length; ) {
    const from = endOfLine(text, at) + 1;
    const opening = readOpening(text.slice(at, from - 1));
    if (opening === undefined) {
      at = from;
      continue;
    }
    const { mark, label } = opening;
    const closing = findClosing(text, from, mark);
    const end = closing?.end ?? text.length;
    const codeEnd = closing?.start ?? (text.endsWith(mark) ? text.length - mark.length : text.length);
    fences.push({ start: at, end, code: text.slice(from, codeEnd), isClosed: closing !== undefined, label });
    at = end + 1;
  }
  return fences;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at;
}

function readOpening(line: string): { readonly mark: string; readonly label: string } | undefined {
  const [, mark, info] = /^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(`{3,}|~{3,}(?!~))([^`]*)$/.exec(line) ?? [];
  return mark === undefined ? undefined : { mark, label: /^[\s{[.]*([\w.#+-]*)/.exec(info ?? "")?.[1] ?? "" };
}

/** The line that closes a block. One within a text between triple quotes is the program's, unless that text doesn't end. */
function findClosing(text: string, from: number, mark: string): { readonly start: number; readonly end: number } | undefined {
  let inQuotes = false;
  let quoted: { readonly start: number; readonly end: number } | undefined;
  for (let start = from; start < text.length; ) {
    const end = endOfLine(text, start);
    const line = text.slice(start, end);
    if (!isClosing(line, mark)) inQuotes = inQuotes !== (line.split(/"""|'''/).length % 2 === 0);
    else if (inQuotes) quoted ??= { start, end };
    else return { start, end };
    start = end + 1;
  }
  return inQuotes ? quoted : undefined;
}

/** The same mark or a longer one, also with a remark behind it. */
function isClosing(line: string, mark: string): boolean {
  const said = line.trim();
  return /^<\/code>$/i.test(said) || (said.startsWith(mark) && /^(?:[`~]*\s*(?:<.*)?|\s+[A-Z].*)$/.test(said.slice(mark.length)));
}
