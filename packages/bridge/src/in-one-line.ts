const maxShownChars = 200;

/** What was got in place of what was expected, as a part of an error's one line: a line break is written as `\n`. */
export function inOneLine(value: unknown): string {
  const text = String(value);
  return (/\p{Cc}/u.test(text) ? JSON.stringify(text).slice(1, -1) : text).slice(0, maxShownChars);
}
