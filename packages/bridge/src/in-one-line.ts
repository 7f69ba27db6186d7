const maxShownChars = 200;
const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A value as a part of an error's one line: control characters, by which a terminal does things, as `\n` or `\u001b`. */
export function inOneLine(value: unknown, maxChars: number = maxShownChars): string {
  return shownText(value)
    .slice(0, maxChars)
    .replace(/\p{Cc}/gu, (character) => known[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .slice(0, maxChars);
}

/** A value as text: an object out of JSON may have a `toString` that is none. */
export function shownText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
