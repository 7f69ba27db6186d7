import { isDeepStrictEqual } from "node:util";
import { plainValue } from "@codelet/core";
import type { PlannedEscape } from "./corpus.ts";
import type { EscapeOutcome } from "./run-escape.ts";

/** What an outcome has against its entry, leaks aside. Empty when the executor did as declared. */
export function problemsOf(entry: PlannedEscape, outcome: EscapeOutcome): readonly string[] {
  const { value, error, ailments } = outcome;
  const problems = [...ailments];
  if (entry.must === "error" && error === undefined) problems.push(`expected an error, got the value ${show(value)}`);
  if (entry.must === "contained" && error?.name === "TimeoutError" && !entry.timeoutOk) problems.push("it ended at the timeout");
  if (entry.must === "value" && error !== undefined) problems.push(`expected a value, got ${error.name}: ${error.message}`);
  if (entry.must === "value" && error === undefined && !isExpected(value, entry.expect))
    problems.push(`expected ${show(entry.expect)}, got ${show(value)}`);
  if (entry.forbidValue !== undefined && isDeepStrictEqual(value, entry.forbidValue)) problems.push(`the value ${show(value)} was forged`);
  return problems;
}

/** `$keys` stands for any object with just these keys, in order. */
function isExpected(value: EscapeOutcome["value"], expected: unknown): boolean {
  const keys = (expected as { readonly $keys?: readonly string[] } | null)?.$keys;
  if (keys !== undefined) return isDeepStrictEqual(Object.keys(value as object), keys);
  return isDeepStrictEqual(plainValue(value), expected);
}

function show(value: unknown): string {
  return (JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item)) ?? "undefined").slice(0, 200);
}
