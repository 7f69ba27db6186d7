import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import type { Colour } from "./palette.ts";
import type { View } from "./view.ts";

/** Columns below which text is not squeezed further. */
const minimumColumns = 8;
const widestRule = 80;

/** Text wrapped at words to the view's width, each row behind `prefix`. Ends with a line break; empty text gives nothing. */
export function block(text: string, prefix: string, view: View, colour?: Colour): string {
  if (text === "") return "";
  const columns = columnsFor(prefix, view);
  const rows = linesOf(text).flatMap((line) => wrapWords(line, columns));
  return rows
    .map((row) => `${prefix}${colour === undefined ? row : view.paint(colour, row)}`.trimEnd())
    .join("\n")
    .concat("\n");
}

/** Code keeps its spaces: a long line goes on in the next row, wherever that begins. */
export function codeBlock(code: string, prefix: string, view: View): string {
  const columns = columnsFor(prefix, view);
  const rows = linesOf(code).flatMap((line) => wrap(line, columns, false));
  return rows.map((row) => (row === "" ? "\n" : `${prefix}${row}\n`)).join("");
}

/** A title with a rule to the view's end. */
export function heading(title: string, view: View): string {
  const columns = Math.min(view.width, widestRule) - stringWidth(title) - 1;
  return `${view.paint("bold", title)} ${view.paint("dim", "─".repeat(Math.max(columns, 2)))}\n`;
}

function linesOf(text: string): string[] {
  let end = text.length; // a pattern would take quadratic time over line ends that don't end the text
  while (text[end - 1] === "\n") end--;
  return text.slice(0, end).split("\n");
}

function columnsFor(prefix: string, view: View): number {
  return Math.max(view.width - stringWidth(prefix), minimumColumns);
}

/** The first row keeps its indentation, the others begin with a word. */
function wrapWords(line: string, columns: number): string[] {
  return wrap(line, columns, true).map((row, index) => (index === 0 ? row : row.trimStart()));
}

function wrap(line: string, columns: number, wordWrap: boolean): string[] {
  if (columns === Number.POSITIVE_INFINITY || stringWidth(line) <= columns) return [line];
  return wrapAnsi(line, columns, { hard: true, trim: false, wordWrap }).split("\n");
}
