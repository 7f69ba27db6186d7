import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchema } from "./json-schema.ts";
import { resolveRef, resolveSchema } from "./schema.ts";

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

describe("resolveRef", () => {
  const at = { type: "string" };
  const root = { $defs: { at, "a/b~c%": at }, list: [at] };

  it.each(["#/$defs/at", "#/$defs/a~1b~0c%25"])("finds what %s points to", (ref) => {
    expect(resolveRef(ref, root)).toBe(at);
  });

  it("finds the schema itself", () => {
    expect(resolveRef("#", root)).toBe(root);
  });

  it.each(["https://example.com/$defs/at", "#at", "#/$defs/none", "#/$defs/at/type/0", "#/$defs/toString", "#/list/0"])(
    "finds nothing at %s",
    (ref) => {
      expect(resolveRef(ref, root)).toBeUndefined();
    },
  );
});
