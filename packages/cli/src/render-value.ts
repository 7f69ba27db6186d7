import { isMedia, isPythonValue, type PlainValue, plainValue, type Value } from "@codelet/core";
import { sanitize } from "./sanitize.ts";

const inlineCharacters = 60;

/** A value as a person reads it: text as it is, the rest like JSON, without the bytes of files. Safe to print. */
export function renderValue(value: Value): string {
  const plain = plainValue(value);
  if (typeof plain === "string") return sanitize(plain);
  if (typeof plain === "bigint") return String(plain);
  const inline = json(plain, undefined);
  return sanitize(inline.length <= inlineCharacters ? inline : json(plain, 2));
}

function json(value: PlainValue, indent: number | undefined): string {
  return JSON.stringify(value, (_, item: PlainValue) => describe(item), indent) ?? "null";
}

/** What JSON has no word for. */
function describe(value: PlainValue): unknown {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) return String(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (isMedia(value)) return `<${value.mediaType}, ${value.data.length} bytes>`;
  if (isPythonValue(value) && "repr" in value) return value.repr;
  return value;
}
