import { toValue } from "./to-value.ts";
import type { Json, Value } from "./value.ts";
import { decodeValue, encodeValue } from "./value-codec.ts";

/** A value that just fits through a tool or the codec stands in something here: a step, an outcome, a list. */
const limits = { maxDepth: 200, maxNodes: Number.POSITIVE_INFINITY };

/** What a run or a conversation remembers as plain JSON. Throws ValueError for what isn't data. */
export function encodeState(data: unknown): Json {
  return encodeValue(toValue(data, Number.POSITIVE_INFINITY, limits.maxDepth), limits);
}

/** Throws ValueError when it is damaged. */
export function decodeState(json: unknown): Value {
  return decodeValue(json, limits);
}
