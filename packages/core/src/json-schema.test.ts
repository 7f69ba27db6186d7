import { describe, expect, it } from "vitest";
import { jsonSchema, schemaProblems } from "./json-schema.ts";
import type { JsonSchema } from "./schema.ts";

describe("schemaProblems", () => {
  it.each<readonly [string, unknown, Record<string, unknown>, string[]]>([
    ["a type", "x", { type: "integer" }, ["value: expected integer, got string"]],
    ["an integer that is a fraction", 1.5, { type: "integer" }, ["value: expected integer, got number"]],
    ["one of several types", null, { type: ["string", "null"] }, []],
    [
      "a missing and an unknown property",
      { b: 1 },
      { type: "object", properties: { a: {} }, required: ["a"], additionalProperties: false },
      ["a: missing", "b: unknown"],
    ],
    ["a nested item", [{ n: "x" }], { items: { properties: { n: { type: "number" } } } }, ["0.n: expected number, got string"]],
    ["an enum", "c", { enum: ["a", "b"] }, ['value: expected one of ["a","b"]']],
    ["a const", 2, { const: 1 }, ["value: expected 1"]],
    ["anyOf", true, { anyOf: [{ type: "string" }, { type: "number" }] }, ["value: matches none of the allowed shapes"]],
    [
      "a local $ref",
      { next: { next: 5 } },
      { $ref: "#/$defs/node", $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } } },
      ["next.next: expected object, got number"],
    ],
    ["additional properties of a type", { a: 1, b: "x" }, { additionalProperties: { type: "number" } }, ["b: expected number, got string"]],
    ["hostile keys", JSON.parse('{"__proto__": 1}'), { type: "object", properties: {}, additionalProperties: false }, ["__proto__: unknown"]],
    ["bytes", new Uint8Array(1), { type: "object" }, ["value: expected object, got bytes"]],
  ])("finds %s", (_, value, schema, problems) => {
    expect(schemaProblems(value, schema)).toEqual(problems);
  });

  it("gives up on values that are built to take forever", () => {
    const schema = {
      $ref: "#/$defs/n",
      $defs: {
        n: {
          anyOf: ["a", "b", "c"].map((k) => ({
            type: "object",
            properties: { [k]: { type: "string" }, left: { $ref: "#/$defs/n" } },
            required: [k],
          })),
        },
      },
    };
    let value: unknown = 1;
    for (let depth = 0; depth < 30; depth++) value = { a: "", b: "", c: "", left: value };
    expect(schemaProblems(value, schema).length).toBeGreaterThan(0);
  });

  it("takes a percent sign in a $ref that escapes nothing as itself", () => {
    const schema = { $ref: "#/$defs/100%", $defs: { "100%": { type: "number" } } };
    expect(schemaProblems("x", schema)).toEqual(["value: expected number, got string"]);
    expect(() => schemaProblems(1, { $ref: "#/%" })).toThrow(expect.objectContaining({ code: "configuration" }));
  });

  it("reports a circular or dangling $ref as a configuration error", () => {
    expect(() => schemaProblems(1, { $ref: "#" })).toThrow(expect.objectContaining({ code: "configuration" }));
    expect(() => schemaProblems(1, { $ref: "#/x" })).toThrow(expect.objectContaining({ code: "configuration" }));
    expect(() => schemaProblems(1, { $ref: "http://x" })).toThrow(expect.objectContaining({ code: "configuration" }));
  });
});

it.each<readonly [string, unknown, string]>([
  ["nothing", undefined, "Expected `schema` to be an object, got undefined"],
  [
    "Python's name of a type",
    { type: "object", properties: { a: { type: "int" } } },
    "`schema.properties.a.type` to be one of object, array, string, number",
  ],
  ["an unknown type in a choice", { anyOf: [{ type: ["string", "date"] }] }, "`schema.anyOf.type` to be one of object, array, string, number"],
  ["a name alone as what is required", { items: { required: "a" } }, "`schema.items.required` to be a list of names, got text"],
  ["a list of properties", { properties: ["a"] }, "`schema.properties` to be an object, got a list"],
])("is refused at once where it is %s", (_, schema, message) => {
  expect(() => jsonSchema(schema as JsonSchema)).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }));
});

it("may hold itself", () => {
  const node: { type: string; properties: { next?: unknown } } = { type: "object", properties: {} };
  node.properties.next = node;
  expect(jsonSchema(node)["~standard"].validate({ next: { next: 5 } })).toEqual({ issues: [{ message: "next.next: expected object, got number" }] });
});

it("fills in defaults, and makes numbers of Python's large integers where it says number", () => {
  const schema = jsonSchema({ type: "object", properties: { n: { type: "number", default: 5 }, big: { type: "number" } }, required: ["n"] });
  expect(schema["~standard"].validate({ big: 10n ** 20n })).toEqual({ value: { n: 5, big: 1e20 } });
});

it("gives defaults only to what is missing, and nothing where there is none", () => {
  const properties = { n: { type: "number", default: 5 }, none: { type: "string" }, any: true, huge: { type: "integer" } };
  const entriesOf = (given: object): unknown => {
    const result = jsonSchema<object>({ type: "object", properties })["~standard"].validate(given);
    return "value" in result && Object.entries(result.value);
  };
  expect(entriesOf({ n: 7 })).toEqual([["n", 7]]);
  expect(entriesOf({ huge: 10n ** 20n })).toEqual([
    ["huge", 10n ** 20n],
    ["n", 5],
  ]);
});

it("leaves a value that needs no default as it is, with its class", () => {
  class Money {
    euros = 1;
  }
  const money = new Money();
  const schema = jsonSchema({ type: "array", items: { type: "object", properties: { euros: { type: "number" } } } });
  expect(schema["~standard"].validate([money])).toEqual({ value: [money] });
  expect((schema["~standard"].validate([money]) as { value: unknown[] }).value[0]).toBe(money);
});

describe("jsonSchema", () => {
  const defaults = { type: "object", properties: { a: { type: "integer", default: 1 } }, required: ["a"] };

  it.each<[string, JsonSchema, unknown, unknown]>([
    [
      "a default behind a reference",
      { type: "object", properties: { o: { $ref: "#/$defs/O" } }, $defs: { O: defaults } },
      { o: {} },
      { o: { a: 1 } },
    ],
    ["a default behind a reference at the root", { $ref: "#/$defs/O", $defs: { O: defaults } }, {}, { a: 1 }],
    ["a default of one of all", { allOf: [defaults, { type: "object" }] }, {}, { a: 1 }],
    ["a default in a tuple", { type: "array", prefixItems: [{ type: "string" }, defaults] }, ["x", {}], ["x", { a: 1 }]],
    ["a tuple without more items", { type: "array", prefixItems: [{ type: "string" }, { type: "integer" }], items: false }, ["x", 1], ["x", 1]],
    ["a choice whose keys stand otherwise", { enum: [{ a: 1, b: 2 }] }, { b: 2, a: 1 }, { b: 2, a: 1 }],
    ["a default of the choice that takes the value", { anyOf: [{ type: "null" }, { ...defaults, required: ["b"] }, defaults] }, {}, { a: 1 }],
    ["a default of the one that takes it", { oneOf: [{ type: "string" }, { type: "array", items: defaults }] }, [{}], [{ a: 1 }]],
    ["a default among other properties", { type: "object", additionalProperties: defaults }, { x: {} }, { x: { a: 1 } }],
    ["a large integer where numbers may be missing", { type: ["number", "null"] }, 10n ** 20n, 1e20],
    ["a large integer as one of several choices", { anyOf: [{ type: "string" }, { type: "number" }] }, 10n ** 20n, 1e20],
    ["a large integer where it may be one", { type: ["integer", "number"] }, 10n ** 20n, 10n ** 20n],
    ["a default in a property of a pattern", { type: "object", patternProperties: { "^x": defaults } }, { x1: {}, y: 1 }, { x1: { a: 1 }, y: 1 }],
    ["a pattern of older validators", { type: "object", patternProperties: { "^\\_": {} }, additionalProperties: false }, { _a: 1 }, { _a: 1 }],
    ["a property of a pattern", { type: "object", patternProperties: { "^x": {} }, additionalProperties: false }, { x1: 3 }, { x1: 3 }],
  ])("takes %s", (_, schema, given, value) => {
    expect(jsonSchema(schema)["~standard"].validate(given)).toEqual({ value });
  });

  it.each<[string, JsonSchema, unknown, RegExp]>([
    ["an item of a tuple", { type: "array", prefixItems: [{ type: "string" }] }, [1], /^0: expected string/],
    ["an item too many", { type: "array", prefixItems: [{}], items: false }, [1, 2], /^1: not allowed/],
    ["a property of a pattern", { type: "object", patternProperties: { "^x": { type: "string" } } }, { x1: 3 }, /^x1: expected string/],
    [
      "a known property of a pattern",
      { properties: { x: { type: "number" } }, patternProperties: { x: { type: "string" } } },
      { x: 3 },
      /^x: expected/,
    ],
    ["a property of no pattern", { type: "object", patternProperties: { "^x": {} }, additionalProperties: false }, { y: 3 }, /^y: unknown/],
    ["no number", { type: "number" }, Number.NaN, /expected number, got NaN/],
    ["no number either", { type: "number" }, Number.POSITIVE_INFINITY, /expected number/],
  ])("refuses %s", (_, schema, given, problem) => {
    expect(jsonSchema(schema)["~standard"].validate(given)).toMatchObject({ issues: [{ message: expect.stringMatching(problem) }] });
  });

  it.each([
    [90, undefined],
    [300, /none of the allowed shapes/],
  ])("blames no schema for a value that is nested %d levels deep", (levels, problem) => {
    const node = { type: "object", properties: { next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] }, size: { default: 1 } } };
    const schema = jsonSchema({ $defs: { node }, $ref: "#/$defs/node" });
    let list: unknown = null;
    for (let level = 0; level < levels; level++) list = { next: list };
    const issues = problem && [{ message: expect.stringMatching(problem) }];
    expect(schema["~standard"].validate(list)).toMatchObject(problem === undefined ? { value: { size: 1 } } : { issues });
  });

  it("says which pattern is none", () => {
    const schema = jsonSchema({ type: "object", patternProperties: { "(": {} } });
    expect(() => schema["~standard"].validate({ a: 1 })).toThrow(
      expect.objectContaining({ code: "configuration", message: expect.stringContaining("`(`") }),
    );
  });

  it("completes every item of a long list of choices, or says that there are too many", () => {
    const row = { anyOf: [{ type: "object", properties: { a: { default: 1 } } }, { type: "null" }] };
    const check = (length: number) => jsonSchema({ type: "array", items: row })["~standard"].validate(Array.from({ length }, () => ({})));
    expect(check(33_000)).toEqual({ value: Array.from({ length: 33_000 }, () => ({ a: 1 })) });
    expect(check(60_000)).toHaveProperty("issues.0.message", "value: too intricate to check");
  });

  it("gives no large default to a whole list", () => {
    const schema = jsonSchema({ type: "array", items: { properties: { a: { default: "x".repeat(1_000_000) } } } });
    expect(schema["~standard"].validate([{}, {}])).toMatchObject({ value: [{ a: expect.any(String) }, { a: expect.any(String) }] });
    expect(schema["~standard"].validate(Array.from({ length: 10_000 }, () => ({})))).toEqual({
      issues: [{ message: "value: too intricate to check" }],
    });
  });

  it("compares a large value with many choices in time", () => {
    const startedAt = performance.now();
    const choices = Array.from({ length: 2_000 }, (_, index) => ({ index }));
    expect(jsonSchema({ enum: choices })["~standard"].validate({ a: "x".repeat(1_000_000) })).toHaveProperty("issues");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("gives up on references that lead back to themselves in many ways", () => {
    const schema = { $defs: { T: { allOf: [{ $ref: "#/$defs/T" }, { $ref: "#/$defs/T" }] } }, properties: { a: { $ref: "#/$defs/T" } } };
    expect(() => jsonSchema(schema)["~standard"].validate({ a: {} })).toThrow(/circle/);
  });
});
