import { pythonFloat, type Value } from "@codelet/core";
import { expect, test } from "vitest";
import { problemsOf } from "./verdict.ts";

const bare = (entries: Record<string, Value>): Value => Object.assign(Object.create(null), entries);

function problems(value: Value, expect: unknown): readonly string[] {
  return problemsOf({ must: "value", expect }, { value, error: undefined, leaks: [], ailments: [] });
}

test.each<{ readonly value: Value; readonly expected: unknown }>([
  { value: 41, expected: 41 },
  { value: pythonFloat(41), expected: 41 },
  { value: bare({ a: null, b: [bare({ c: 1 })] }), expected: { a: null, b: [{ c: 1 }] } },
  { value: bare({ b: 1, a: 2 }), expected: { $keys: ["b", "a"] } },
  { value: [Number.NaN, Number.NEGATIVE_INFINITY, -0, 1.5], expected: { $floats: ["nan", "-inf", "-0.0", "1.5"] } },
  { value: [2n ** 64n, -1], expected: { $ints: ["18446744073709551616", -1] } },
])("takes a value for what the corpus calls $expected", ({ value, expected }) => {
  expect(problems(value, expected)).toEqual([]);
});

test.each<{ readonly value: Value; readonly expected: unknown }>([
  { value: 42, expected: 41 },
  { value: bare({ a: 1 }), expected: { a: null } },
  { value: bare({ a: 1, b: 2 }), expected: { $keys: ["b", "a"] } },
  { value: [0, Number.NaN], expected: { $floats: ["-0.0", "nan"] } },
  { value: [2n ** 64n], expected: { $ints: ["18446744073709551617"] } },
  { value: "18446744073709551616", expected: { $ints: ["18446744073709551616"] } },
])("takes no other value for what the corpus calls $expected", ({ value, expected }) => {
  expect(problems(value, expected)).toHaveLength(1);
});
