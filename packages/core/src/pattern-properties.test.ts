import { describe, expect, it } from "vitest";
import { jsonSchema } from "./json-schema.ts";
import type { JsonSchema } from "./schema.ts";

const validate = (schema: JsonSchema, value: unknown): object => jsonSchema(schema)["~standard"].validate(value);
const refusing = (pattern: string): JsonSchema => ({ type: "object", patternProperties: { [pattern]: false }, additionalProperties: false });

describe("a pattern of property names", () => {
  it.each(["^x-", "^[a-z*+]+$", "_id$", "^\\d{4}-\\d{2}$", "^a\\*\\+b", "^(?:de|en|fr)_", "^.+\\..+$", "^(x|y)_\\d+$", "^v\\d+(-beta)?$"])(
    "is read: %s",
    (pattern) => {
      expect(validate(refusing(pattern), { "?": 1 })).toEqual({ issues: [{ message: "?: unknown" }] });
    },
  );

  it.each(["^(a+)+$", "^(a|a)*$", "a*a*a*b", "^(?:a?){30}b", "^(a|a)(a|a)(a|a)(a|a)b", "(a+)+!"])(
    "that could take long to read may mean any name: %s",
    (pattern) => {
      const value = { [`${"a".repeat(90)}!`]: 1, b: 2 };
      const startedAt = performance.now();
      expect(validate(refusing(pattern), value)).toEqual({ value });
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    },
  );

  it("may mean any long name", () => {
    const name = "a".repeat(1_000_000);
    expect(validate(refusing("^a*$"), { [name]: 1 })).toEqual({ value: { [name]: 1 } });
  });

  it("counts as a check: thousands of them for thousands of names are too many", () => {
    const patternProperties = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`^x${index}`, {}]));
    const value = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`y${index}`, 1]));
    expect(validate({ patternProperties }, value)).toEqual({ issues: [{ message: "value: too intricate to check" }] });
  });
});
