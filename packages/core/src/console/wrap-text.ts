import { cutToWidth, textWidth } from "./text-width.ts";

/** A text in rows of at most `columns` columns, broken at spaces where that can be. A row keeps the indentation of its line; the rows that go on begin with a word. */
export function wrapText(text: string, columns: number): string[] {
  return linesOf(text).flatMap((line) => wrapLine(line, columns));
}

/** Without the empty lines at the end. */
export function linesOf(text: string): string[] {
  return withoutLastLineEnds(text).split("\n");
}

export function withoutLastLineEnds(text: string): string {
  let end = text.length; // a pattern would take quadratic time over line ends that don't end the text
  while (text[end - 1] === "\n") end--;
  return text.slice(0, end);
}

function wrapLine(line: string, columns: number): string[] {
  if (textWidth(line) <= columns) return [line];
  const rows: string[] = [""];
  let room = columns;
  // Without the spaces at its end: the pattern would take quadratic time over spaces that no word follows.
  for (const [, gap = "", word = ""] of line.trimEnd().matchAll(/( *)([^ ]+)/g)) {
    const width = textWidth(word);
    const isFirst = rows.length === 1 && rows[0] === "";
    if (gap.length + width <= room || (isFirst && gap.length < columns)) {
      // fits behind what there is, or is the indentation of the whole
      rows[rows.length - 1] += gap;
      room -= gap.length;
    } else if (room > gap.length && width > columns) {
      // too long for any row: it begins here
      rows[rows.length - 1] += gap;
      room -= gap.length;
    } else if (!isFirst) {
      rows.push("");
      room = columns;
    }
    const [first = "", ...others] = width <= room ? [word] : cutToWidth(word, columns, room);
    rows[rows.length - 1] += first;
    rows.push(...others);
    room = others.length === 0 ? room - width : columns - textWidth(others.at(-1) as string);
  }
  return rows.map((row) => row.trimEnd());
}
