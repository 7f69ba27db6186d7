import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchema } from "./json-schema.ts";
import { resolveSchema } from "./schema.ts";

describe("resolveSchema", () => {
  it("takes zod and jsonSchema", async () => {
    const fromZod = resolveSchema(z.object({ a: z.number() }), "input", "output");
    expect(fromZod.json).toMatchObject({ type: "object", required: ["a"] });
    expect(await fromZod.check({ a: 1 })).toEqual({ value: { a: 1 } });
    expect(await fromZod.check({ a: "x" })).toMatchObject({ problems: [expect.stringContaining("a: ")] });
    expect(await resolveSchema(jsonSchema<number>({ type: "number" }), "input", "output").check("x")).toEqual({
      problems: ["value: expected number, got string"],
    });
  });

  it.each([
    [{ type: "object" }, /jsonSchema<T>/],
    [undefined, /jsonSchema<T>/],
    [{ "~standard": { version: 1, vendor: "valibot", validate: () => ({ value: 1 }) } }, /toStandardJsonSchema/],
    [{ "~standard": { version: 1, vendor: "zod", validate: () => ({ value: 1 }) } }, /zod >= 4.2/],
  ])("names the fix for %o", (schema, fix) => {
    expect(() => resolveSchema(schema as never, "input", "output")).toThrow(fix);
    expect(() => resolveSchema(schema as never, "input", "output")).toThrow(TypeError);
  });

  it("says which schema holds what JSON can't, with the library's reason", () => {
    expect(() => resolveSchema(z.object({ day: z.date() }), "input", "input of tool book")).toThrow(
      new TypeError("Expected `input of tool book` to be a schema of JSON data: Error: Date cannot be represented in JSON Schema"),
    );
  });
});
