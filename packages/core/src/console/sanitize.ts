const lineEnd = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
/** The C0 controls and DEL, which have pictures of their own in Unicode. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this file is about
const pictured = /[\x00-\x08\x0e-\x1f\x7f]/g;
/** The C1 controls, and what no reader sees or what reorders text, but for the characters that scripts and emoji need. */
const hidden = /(?!\u200c|\u200d|[\ufe00-\ufe0f])[\x80-\x9f\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]/gu;

const loneSurrogates = /\p{Cs}/gu;
const tab = "    ";

/**
 * Foreign text (of a model, a sandbox, a server) as it may be shown in a terminal. What a terminal would obey, and what hides or reorders text, becomes
 * visible: `␛[31m` for an escape sequence, `<U+202E>` for an override. Lines end in `\n`, also where a bare carriage return would have overwritten the
 * line; a tab becomes four spaces.
 */
export function sanitize(text: string): string {
  return plainLineEnds(text).replaceAll("\t", tab).replaceAll(pictured, picture).replaceAll(hidden, codePoint).replaceAll(loneSurrogates, "\ufffd");
}

/** The same on one line. */
export function sanitizeLine(text: string): string {
  // Not by one pattern: spaces before a line end that doesn't come take quadratic time.
  const [first = "", ...others] = sanitize(text).split("\n");
  const lines = [others.length === 0 ? first : first.trimEnd(), ...others.map((line) => line.trim())];
  return lines.filter(Boolean).join(" ");
}

/** Line ends of any kind as `\n`. */
export function plainLineEnds(text: string): string {
  return text.replaceAll(lineEnd, "\n");
}

function picture(character: string): string {
  return character === "\u007f" ? "\u2421" : String.fromCodePoint(0x2400 + character.charCodeAt(0));
}

function codePoint(character: string): string {
  return `<U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}>`;
}
