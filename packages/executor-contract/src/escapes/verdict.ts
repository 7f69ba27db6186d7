import { isDeepStrictEqual } from "node:util";
import { plainValue } from "@codelet/core";
import type { PlannedEscape } from "./corpus.ts";
import type { EscapeOutcome } from "./run-escape.ts";

type Wanted = Pick<PlannedEscape, "must" | "expect" | "forbidValue" | "timeoutOk">;

/** What an outcome has against its entry, leaks aside. Empty when the executor did as declared. */
export function problemsOf(entry: Wanted, outcome: EscapeOutcome): readonly string[] {
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

interface Described {
  readonly $keys?: readonly string[];
  readonly $floats?: readonly (string | number)[];
  readonly $ints?: readonly (string | number)[];
}

/** `$keys` stands for any object with just these keys, in order; `$floats` and `$ints` for lists of numbers that JSON hasn't, as Python writes them. */
function isExpected(value: EscapeOutcome["value"], expected: unknown): boolean {
  const { $keys, $floats, $ints } = (expected ?? {}) as Described;
  if ($keys !== undefined) return isDeepStrictEqual(Object.keys(value as object), $keys);
  const plain = plainValue(value);
  if ($floats !== undefined) return isDeepStrictEqual(plain, $floats.map(readFloat));
  if ($ints !== undefined) return Array.isArray(plain) && isDeepStrictEqual(plain.map(BigInt), $ints.map(BigInt));
  return isDeepStrictEqual(withPrototypes(plain), expected);
}

function readFloat(text: string | number): number {
  return Number(String(text).replace(/^([-+]?)inf(inity)?$/i, "$1Infinity"));
}

/** Decoded objects have none, those of the corpus do. */
function withPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPrototypes);
  const isObject = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
  return isObject ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withPrototypes(item)])) : value;
}

function show(value: unknown): string {
  return (JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item)) ?? "undefined").slice(0, 200);
}
