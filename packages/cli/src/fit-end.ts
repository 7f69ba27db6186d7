import { textWidth } from "@codelet/core/console";

const segmenter = new Intl.Segmenter("en");

/** The end of a line that takes at most so many columns, in characters as a reader sees them. Expects no control characters. */
export function fitEnd(text: string, columns: number): string {
  const characters = Array.from(segmenter.segment(text), ({ segment }) => segment);
  let first = characters.length;
  for (let room = columns; first > 0; first--) {
    room -= textWidth(characters[first - 1] as string);
    if (room < 0) break;
  }
  return characters.slice(first).join("");
}
