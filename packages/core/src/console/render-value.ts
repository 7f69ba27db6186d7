import { plainValue } from "../plain-value.ts";
import { toValue } from "../to-value.ts";
import { isMedia, isPythonValue, type PlainValue } from "../value.ts";
import { sanitize } from "./sanitize.ts";

const inlineCharacters = 60;
/** Larger values are not shown at all. */
const maxValueBytes = 1 << 26;

/** A value as a person reads it: text as it is, the rest like JSON, without the bytes of files. Takes anything, never throws, safe to print. */
export function renderValue(value: unknown): string {
  try {
    const plain = plainValue(toValue(value, maxValueBytes));
    if (typeof plain === "string") return sanitize(plain);
    if (typeof plain === "bigint") return String(plain);
    const inline = json(plain, undefined);
    return sanitize(inline.length <= inlineCharacters ? inline : json(plain, 2));
  } catch {
    return "(a value that can't be shown)"; // of the host: a function, a cycle, a getter that throws
  }
}

/** The same on one line, and of so many characters at most. */
export function renderInline(value: unknown, maxCharacters: number): string {
  try {
    return cutText(sanitize(json(plainValue(toValue(value, maxValueBytes)), undefined)), maxCharacters);
  } catch {
    return "…";
  }
}

/** Says how much is left out. */
export function cutText(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters)} … (${text.length - maxCharacters} characters more)`;
}

function json(value: PlainValue, indent: number | undefined): string {
  return JSON.stringify(value, (_, item: PlainValue) => describe(item), indent);
}

/** What JSON has no word for. */
function describe(value: PlainValue): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (isMedia(value)) return `<${value.mediaType}, ${value.data.length} bytes>`;
  if (isPythonValue(value) && "repr" in value) return value.repr;
  return value;
}
