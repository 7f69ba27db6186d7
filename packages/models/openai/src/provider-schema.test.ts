import { describe, expect, it } from "vitest";
import { z } from "zod";
import { providerSchema, strictSchema } from "./provider-schema.ts";

const schemaOf = (schema: z.ZodType): Readonly<Record<string, unknown>> => providerSchema(z.toJSONSchema(schema, { io: "input" }));

it("drops the bounds that zod gives to integers and keeps all others", () => {
  const { properties } = schemaOf(z.object({ any: z.int(), page: z.int().min(1), list: z.array(z.int()) }));
  expect(properties).toEqual({
    any: { type: "integer" },
    page: { type: "integer", minimum: 1 },
    list: { type: "array", items: { type: "integer" } },
  });
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

describe("a schema stays as it is", () => {
  it.each([
    ["with an optional property", z.object({ a: z.string().optional() })],
    ["with an optional property below", z.object({ a: z.object({ b: z.string().default("x") }) })],
    ["with a record", z.object({ a: z.record(z.string(), z.number()) })],
    ["with anything", z.object({ a: z.unknown() })],
    ["with loose objects", z.looseObject({ a: z.string() })],
    ["with a tuple", z.object({ a: z.tuple([z.string(), z.number()]) })],
    ["that is no object", z.array(z.string())],
    ["that is a choice", z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])],
  ])("%s", (_, schema) => {
    expect(strictSchema(schemaOf(schema))).toBeUndefined();
  });
});
