import type { Colour } from "./palette.ts";
import { cutToWidth, textWidth } from "./text-width.ts";
import type { View } from "./view.ts";
import { withoutLastLineEnds, wrapText } from "./wrap-text.ts";

/** Before what a program does while it runs. */
export const gutter = "  │ ";

/** Columns below which text is not squeezed further. */
const minimumColumns = 8;
const widestRule = 80;

/** Text wrapped at words to the view's width, each row behind `prefix`. Ends with a line break; empty text gives nothing. */
export function block(text: string, prefix: string, view: View, colour?: Colour): string {
  if (text === "") return "";
  const columns = columnsFor(prefix, view);
  return wrapText(text, columns)
    .map((row) => `${view.paint("dim", row === "" ? prefix.trimEnd() : prefix)}${painted(row, view, colour)}\n`)
    .join("");
}

/** The same behind a mark, which stands where the first row's indentation would. */
export function markedBlock(mark: string, text: string, view: View, colour?: Colour): string {
  const [first = "", ...others] = wrapText(text, columnsFor("    ", view));
  const behind = others.map((row) => (row === "" ? "\n" : `    ${painted(row, view, colour)}\n`));
  return `${`  ${painted(mark, view, colour)} ${painted(first, view, colour)}`.trimEnd()}\n${behind.join("")}`;
}

/** Code keeps its spaces: a long line goes on in the next row, wherever that begins. */
export function codeBlock(code: string, prefix: string, view: View): string {
  const columns = columnsFor(prefix, view);
  const rows = [""];
  let room = columns;
  const newRow = (): void => {
    rows.push("");
    room = columns;
  };
  for (const { text, colour } of view.highlight(withoutLastLineEnds(code))) {
    for (const [index, line] of text.split("\n").entries()) {
      if (index > 0) newRow();
      for (const [part, piece] of cutToWidth(line, columns, room).entries()) {
        if (part > 0) newRow();
        rows[rows.length - 1] += colour === undefined ? piece : view.paint(colour, piece);
        room -= textWidth(piece);
      }
    }
  }
  return rows.map((row) => (row === "" ? "\n" : `${prefix}${row}\n`)).join("");
}

/** A title with a rule to the view's end. */
export function heading(title: string, view: View): string {
  const width = Math.min(view.width, widestRule);
  const rows = wrapText(title, Math.max(width - " ──".length, minimumColumns));
  const rule = "─".repeat(Math.max(width - textWidth(rows.at(-1) as string) - 1, 2));
  return `${rows.map((row) => view.paint("bold", row)).join("\n")} ${view.paint("dim", rule)}\n`;
}

function painted(row: string, view: View, colour: Colour | undefined): string {
  return colour === undefined ? row : view.paint(colour, row);
}

function columnsFor(prefix: string, view: View): number {
  return Math.max(view.width - textWidth(prefix), minimumColumns);
}
