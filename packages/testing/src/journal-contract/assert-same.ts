import assert from "node:assert/strict";
import type { Value } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";

/** Also the order of names is the same; what was read back has no prototypes, and need not have. */
export function assertSame(actual: unknown, expected: unknown): void {
  assert.equal(textOf(actual), textOf(expected));
}

function textOf(value: unknown): string {
  return JSON.stringify(encodeValue(value as Value));
}
