// Terminal sequences, as ECMA-48 writes them, in their 7-bit form (ESC and a letter) and their 8-bit one. Every part of these patterns stops at the
// next ESC, and the text of a string sequence is bounded, so that hostile text can't make matching slow.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this file removes
const stringSequence = /(?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x9c|\x1b\\)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const controlSequence = /(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,256}[@-~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above
const otherEscape = /\x1b[ -/]{0,256}[0-~]/g;

const lineEnd = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
const otherControls = /[^\P{Cc}\n\t]/gu;
/** Bidirectional controls, with which text can show in another order than it runs, and characters that no reader sees. */
const hidden = /[\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

const loneSurrogates = /\p{Cs}/gu;
const tab = "    ";

/**
 * Foreign text (of a model, a sandbox, a server) as it may be shown in a terminal: without escape sequences, control characters, and characters that
 * hide or reorder text. Lines end in `\n`, also where a bare carriage return would have overwritten the line; a tab becomes four spaces.
 */
export function sanitize(text: string): string {
  return text
    .replaceAll(stringSequence, "")
    .replaceAll(controlSequence, "")
    .replaceAll(otherEscape, "")
    .replaceAll(lineEnd, "\n")
    .replaceAll(otherControls, "")
    .replaceAll(hidden, "")
    .replaceAll(loneSurrogates, "\ufffd")
    .replaceAll("\t", tab);
}

/** The same on one line. */
export function sanitizeLine(text: string): string {
  // Not by one pattern: spaces before a line end that doesn't come take quadratic time.
  const [first = "", ...others] = sanitize(text).split("\n");
  const lines = [others.length === 0 ? first : first.trimEnd(), ...others.map((line) => line.trim())];
  return lines.filter(Boolean).join(" ");
}
