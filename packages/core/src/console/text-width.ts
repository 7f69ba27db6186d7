/** What a terminal shows in two columns: East Asian wide and fullwidth characters. Emoji are told by their property. */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4dc0-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{191ff}\u{1f1ae}\u{1f6d8}-\u{1f6df}\u{1f7d9}-\u{1f7df}\u{1fa70}-\u{1faff}\u{1aff0}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\u20e3/u;
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\p{Cc}\p{Cf}]+$/u;
/** One column each, and one character: most text, and no need to look closer. */
const narrow = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2500-\u257f]*$/;

/** No part of a longer character: each stands for itself. */
const separate = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2500-\u257f\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3]*$/;

let segmenter: Intl.Segmenter | undefined;

/** Columns that a line takes in a terminal. Expects no control characters. */
export function textWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const character of characters(text)) width += characterWidth(character);
  return width;
}

/** A line in pieces of at most `columns` columns, the first of at most `firstColumns`, which may leave it empty. Nothing is lost. */
export function cutToWidth(text: string, columns: number, firstColumns: number = columns): string[] {
  const pieces = [""];
  let room = firstColumns;
  for (const character of narrow.test(text) ? text : characters(text)) {
    const width = characterWidth(character);
    if (width > room) {
      pieces.push("");
      room = columns;
    }
    pieces[pieces.length - 1] += character;
    room -= width;
  }
  return pieces;
}

/** A line, cut where it takes more than `columns` columns; `…` marks the cut. */
export function fitText(text: string, columns: number): string {
  if (text.length <= columns && narrow.test(text)) return text;
  const [first = "", ...others] = cutToWidth(text, columns);
  return others.length === 0 ? first : `${cutToWidth(first, columns - 1)[0]}…`;
}

/** As a reader sees them, whatever each is made of. */
function* characters(text: string): Generator<string> {
  if (separate.test(text)) return yield* text;
  segmenter ??= new Intl.Segmenter("en");
  for (const { segment } of segmenter.segment(text)) yield segment;
}

function characterWidth(character: string): number {
  if (narrow.test(character)) return 1;
  if (invisible.test(character)) return 0;
  return emoji.test(character) || wide.test(character) ? 2 : 1;
}
