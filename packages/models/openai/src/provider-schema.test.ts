import { describe, expect, it } from "vitest";
import { z } from "zod";
import { providerSchema, strictSchema, withoutPatterns } from "./provider-schema.ts";

const schemaOf = (schema: z.ZodType): Readonly<Record<string, unknown>> => providerSchema(z.toJSONSchema(schema, { io: "input" }));

it("drops the bounds that zod gives to integers and keeps all others", () => {
  const { properties } = schemaOf(z.object({ any: z.int(), page: z.int().min(1), list: z.array(z.int()) }));
  expect(properties).toEqual({
    any: { type: "integer" },
    page: { type: "integer", minimum: 1 },
    list: { type: "array", items: { type: "integer" } },
  });
});

it("drops them in tuples, maps and definitions too, and leaves what is no schema", () => {
  expect(schemaOf(z.tuple([z.int()])).prefixItems).toEqual([{ type: "integer" }]);
  expect(schemaOf(z.record(z.string(), z.int())).additionalProperties).toEqual({ type: "integer" });
  const definitions = { A: z.toJSONSchema(z.int(), { io: "input" }) };
  expect(providerSchema({ definitions, items: null }).definitions).toMatchObject({ A: { type: "integer" } });
  expect(JSON.stringify(providerSchema({ definitions, items: null }))).not.toContain("imum");
  const draft7 = { items: [{ type: "integer" }] };
  expect(providerSchema(draft7)).toEqual(draft7);
});

it("loses its patterns where they are not wanted, and no property of that name", () => {
  const text = z.string().regex(/^a/);
  const schema = schemaOf(z.object({ pattern: text, list: z.array(text), pair: z.tuple([text]) }));
  expect(JSON.stringify(withoutPatterns(schema))).toBe(JSON.stringify(schema).replaceAll(',"pattern":"^a"', ""));
});

describe("a schema is made strict", () => {
  it.each([
    ["with required properties", z.object({ a: z.string(), b: z.array(z.object({ c: z.number().nullable() })) })],
    ["with choices", z.object({ a: z.enum(["x", "y"]), b: z.union([z.string(), z.object({ c: z.literal(1) })]) })],
    ["without properties", z.object({})],
  ])("%s", (_, schema) => {
    expect(strictSchema(schemaOf(schema))).toMatchObject({ type: "object", additionalProperties: false });
  });

  it("in every object of it, and the given one stays as it was", () => {
    const given = { type: "object", properties: { a: { $ref: "#/$defs/A" } }, required: ["a"], $defs: { A: { type: "object", properties: {} } } };
    const copy = structuredClone(given);
    expect(strictSchema(given)).toEqual({
      ...given,
      additionalProperties: false,
      $defs: { A: { type: "object", properties: {}, additionalProperties: false } },
    });
    expect(given).toEqual(copy);
  });
});

const objectWith = (a: unknown, more: object = {}): Readonly<Record<string, unknown>> => ({
  type: "object",
  properties: { a },
  required: ["a"],
  ...more,
});

it("is made strict with the bounds that strict servers know, and with any names of properties", () => {
  const bounded = { type: "array", items: { type: "number", minimum: 1, multipleOf: 2 }, minItems: 1, maxItems: 3 };
  const text = { type: "string", pattern: "^a", format: "date" };
  const schema = objectWith(bounded, { properties: { a: bounded, default: text }, required: ["a", "default"] });
  expect(strictSchema(schema)).toEqual({ ...schema, additionalProperties: false });
});

describe("a schema stays as it is", () => {
  it.each([
    ["with a format that strict servers don't know", schemaOf(z.object({ a: z.object({ b: z.url() }) }))],
    ["with a default", objectWith({ type: "string", default: "x" })],
    ["with unique items", objectWith({ type: "array", items: { type: "string" }, uniqueItems: true })],
    ["with a count of properties", objectWith({ type: "string" }, { minProperties: 1 })],
    ["with a limit of properties", objectWith({ type: "string" }, { maxProperties: 1 })],
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    ["with a consequence", objectWith({ type: "string" }, { then: { type: "object" } })],
    ["with another consequence", objectWith({ type: "string" }, { else: { type: "object" } })],
    ["with unevaluated properties", objectWith({ type: "string" }, { unevaluatedProperties: false })],
    ["with an array of anything", objectWith({ type: "array" })],
    ["with an array or nothing", objectWith({ type: ["array", "null"] })],
    ["with an array whose items are true", objectWith({ type: "array", items: true })],
    ["with a property that is true", objectWith(true)],
    ["with a choice that is false", objectWith({ anyOf: [{ type: "string" }, false] })],
    ["with a definition that is true", objectWith({ $ref: "#/$defs/A" }, { $defs: { A: true } })],
  ])("%s, as JSON Schema says it", (_, schema) => {
    expect(strictSchema(schema)).toBeUndefined();
  });

  it.each([
    ["with an optional property", z.object({ a: z.string().optional() })],
    ["with an optional property below", z.object({ a: z.object({ b: z.string().default("x") }) })],
    ["with a record", z.object({ a: z.record(z.string(), z.number()) })],
    ["with anything", z.object({ a: z.unknown() })],
    ["with loose objects", z.looseObject({ a: z.string() })],
    ["with a tuple", z.object({ a: z.tuple([z.string(), z.number()]) })],
    ["with a short text", z.object({ a: z.string().min(1) })],
    ["with a long text", z.object({ a: z.array(z.string().max(9)) })],
    ["that is no object", z.array(z.string())],
    ["that is a choice", z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])],
  ])("%s", (_, schema) => {
    expect(strictSchema(schemaOf(schema))).toBeUndefined();
  });
});
