import type { Json, ModelRequest } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";

/**
 * A hash of what a model is asked: the same for equal requests whatever the order of keys. Neither model, options nor keys are part of it.
 * SHA-256 as 64 hexadecimal digits.
 */
export async function requestDigest({ messages, tools, toolChoice, stop, responseSchema }: ModelRequest): Promise<string> {
  const canonical = JSON.stringify(sorted(encodeValue({ messages, tools, toolChoice, stop, responseSchema })));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether two things are equal as tagged JSON, whatever the order of keys. */
export function sameJson(left: unknown, right: unknown): boolean {
  return canonicalText(left) === canonicalText(right);
}

/** The way out and in again makes one form of what has several: `1n` and `1`, a `Map` and a dict. */
function canonicalText(value: unknown): string {
  return JSON.stringify(sorted(encodeValue(decodeValue(encodeValue(value)))));
}

function sorted(json: Json): Json {
  if (Array.isArray(json)) return json.map(sorted);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json).map(([key, value]): [string, Json] => [key, sorted(value)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
