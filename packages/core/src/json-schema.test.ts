import { describe, expect, it } from "vitest";
import { jsonSchema, schemaProblems } from "./json-schema.ts";

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

  it("reports a circular or dangling $ref as a configuration error", () => {
    expect(() => schemaProblems(1, { $ref: "#" })).toThrow(expect.objectContaining({ code: "configuration" }));
    expect(() => schemaProblems(1, { $ref: "#/x" })).toThrow(expect.objectContaining({ code: "configuration" }));
    expect(() => schemaProblems(1, { $ref: "http://x" })).toThrow(expect.objectContaining({ code: "configuration" }));
  });
});

it("fills in defaults, and makes numbers of Python's large integers where it says number", () => {
  const schema = jsonSchema({ type: "object", properties: { n: { type: "number", default: 5 }, big: { type: "number" } }, required: ["n"] });
  expect(schema["~standard"].validate({ big: 10n ** 20n })).toEqual({ value: { n: 5, big: 1e20 } });
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
