const hexDigits = Buffer.from("0123456789abcdef", "latin1");

/** The same JSON in ASCII. Byte by byte: `replace` takes eight times as long for a text that is not in English, and nothing else runs meanwhile. */
export function asciiJson(json: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything but ASCII, as a range
  if (!/[^\x00-\x7e]/.test(json)) return json;
  const bytes = Buffer.allocUnsafe(json.length * 6); // at most: each as \uXXXX
  let at = 0;
  for (let index = 0; index < json.length; index++) {
    const unit = json.charCodeAt(index);
    if (unit < 0x7f) bytes[at++] = unit;
    else {
      bytes[at++] = 0x5c; // \
      bytes[at++] = 0x75; // u
      for (let shift = 12; shift >= 0; shift -= 4) bytes[at++] = hexDigits[(unit >> shift) & 15] as number;
    }
  }
  return bytes.toString("latin1", 0, at);
}
