/** A fenced block, closed or not. */
export interface Fence {
  readonly start: number;
  /** After the closing mark. */
  readonly end: number;
  readonly code: string;
  readonly isClosed: boolean;
  /** What stands behind the opening mark, up to the first sign: the language. */
  readonly label: string;
}

interface Opening {
  readonly start: number;
  readonly from: number;
  readonly mark: string;
  readonly label: string;
}

/**
 * The fences of a text, line by line: indented, in lists, longer than usual, closed by a tag, or not closed. One within a text between triple quotes is the
 * program's, unless that text doesn't end.
 */
export function findFences(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: Opening | undefined;
  let inQuotes = false;
  let quotesCount = true;
  /** Where the open block ends if the triple quotes in it mean nothing. */
  let spare: Fence | undefined;
  const close = (end: number, limit: number, isClosed: boolean): Fence => ({
    ...(open as Opening),
    end,
    code: text.slice(open?.from, limit),
    isClosed,
  });
  for (let at = 0; at < text.length; ) {
    const lineEnd = endOfLine(text, at);
    const line = text.slice(at, lineEnd);
    const next = lineEnd + 1;
    if (open === undefined) {
      open = opening(line, at, next);
      inQuotes = false;
      spare = undefined;
    } else if (isClosing(line, open.mark)) {
      const fence = close(lineEnd, at, true);
      if (!inQuotes) {
        fences.push(fence);
        open = undefined;
      } else spare ??= fence;
    } else if (quotesCount && line.split(/"""|'''/).length % 2 === 0) inQuotes = !inQuotes;
    at = next;
    if (at >= text.length && open !== undefined) {
      const last =
        inQuotes && spare !== undefined ? spare : close(text.length, text.length - (text.endsWith(open.mark) ? open.mark.length : 0), false);
      fences.push(last);
      open = undefined;
      if (last !== spare) continue;
      at = last.end + 1;
      quotesCount = false;
    }
  }
  return fences;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at;
}

function opening(line: string, start: number, from: number): Opening | undefined {
  const [, mark, info] = /^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(`{3,}|~{3,})([^`]*)$/.exec(line) ?? [];
  if (mark === undefined) return undefined;
  return { start, from, mark, label: /^[\s{[.]*([\w.#+-]*)/.exec(info ?? "")?.[1] ?? "" };
}

/** The same mark or a longer one, also with a remark behind it. */
function isClosing(line: string, mark: string): boolean {
  const said = line.trim();
  return /^<\/code>$/i.test(said) || (said.startsWith(mark) && /^(?:[`~]*\s*(?:<.*)?|\s+[A-Z].*)$/.test(said.slice(mark.length)));
}
