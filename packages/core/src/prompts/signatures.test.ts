import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../schema.ts";
import { renderSignature } from "./signatures.ts";

const weather = {
  name: "get_weather",
  description: "Weather of a city.",
  inputSchema: {
    type: "object",
    properties: {
      city: { type: "string", description: "Its name\nin English." },
      unit: { enum: ["C", "F"], default: "C" },
      days: { anyOf: [{ type: "integer" }, { type: "null" }] },
    },
    required: ["city", "unit"],
  },
  outputSchema: {
    type: "object",
    properties: { celsius: { type: "number" }, sky: { type: "array", items: { type: "string" } } },
    required: ["celsius"],
  },
};

describe("renderSignature", () => {
  it("writes a typed Python function with its docstring", () => {
    expect(renderSignature(weather, "python")).toBe(`def get_weather(city: str, unit: Literal["C", "F"] = "C", days: int | None = None) -> dict:
    """Weather of a city.

    Args:
        city: Its name in English.

    Returns: {"celsius": float, "sky": list[str]}"""`);
  });

  it("writes a TypeScript declaration", () => {
    expect(renderSignature(weather, "javascript")).toBe(`/**
 * Weather of a city.
 * @param city Its name in English.
 */
declare function get_weather(city: string, unit?: "C" | "F", days?: number | null): Promise<{ celsius: number; sky?: Array<string> }>;`);
  });

  it("keeps hostile descriptions inside the documentation", () => {
    const hostile = { name: "f", description: 'x"""\nimport os */ y', inputSchema: { type: "object" } };
    expect(renderSignature(hostile, "python")).toBe(`def f():\n    """x'''\n    import os */ y"""`);
    expect(renderSignature(hostile, "javascript")).toContain("import os * / y");
  });
});

it("shows what is inside of parameters and results, behind references too", () => {
  const ship = {
    name: "ship",
    description: "Ships.",
    inputSchema: {
      type: "object",
      properties: {
        note: { type: "string" },
        to: { $ref: "#/$defs/Address" },
        lines: { type: "array", items: { type: "object", properties: { sku: { type: "string" }, qty: { type: "integer" } } } },
      },
      required: ["to", "lines"],
      $defs: {
        Address: { type: "object", properties: { zip: { type: "string", description: "five digits" }, next: { $ref: "#/$defs/Address" } } },
      },
    },
    outputSchema: { type: "object", additionalProperties: { type: "array", items: { type: "object", properties: { id: { type: "integer" } } } } },
  };
  expect(renderSignature(ship, "python")).toBe(`def ship(note: str = None, *, to: dict, lines: list[dict]) -> dict:
    """Ships.

    Args:
        to: {"zip": str (five digits), "next": Any}
        lines: list[{"sku": str, "qty": int}]

    Returns: dict[str, list[{"id": int}]]"""`);
});

describe("a signature of odd parts", () => {
  const python = (description: string, inputSchema: object = { type: "object" }) =>
    renderSignature({ name: "f", description, inputSchema: inputSchema as JsonSchema }, "python");

  it.each([
    ['Say "x"', '    """Say "x"\n    """'],
    ["Ends with \\", '    r"""Ends with \\\n    """'],
    ["Finds \\d+ and \\x", '    r"""Finds \\d+ and \\x"""'],
    ['"""\nimport os', `    """'''\n    import os"""`],
    ["a\0b", '    """ab"""'],
  ])("is valid Python with the description %j", (description, expected) => {
    expect(python(description)).toBe(`def f():\n${expected}`);
  });

  it("has defaults and choices as Python writes them, however deep", () => {
    const properties = {
      a: { default: [null, true, { x: false }] },
      b: { enum: [[true], { y: null }] },
      c: { enum: [] },
      d: { anyOf: [] },
      e: { type: [] },
    };
    expect(python("F.", { type: "object", properties })).toContain(
      'f(a: Any = [None, True, {"x": False}], b: Literal[[True], {"y": None}] = None, c: Any = None, d: Any = None, e: Any = None)',
    );
  });

  it("is written in time, however many ways its references have", () => {
    const either = ($ref: string): JsonSchema => ({ anyOf: Array.from({ length: 300 }, () => ({ $ref })) });
    const $defs = { A: either("#/$defs/B"), B: either("#/$defs/C"), C: either("#/$defs/D"), D: { type: "string" } };
    const startedAt = performance.now();
    expect(python("F.", { type: "object", properties: { a: { $ref: "#/$defs/A" } }, $defs })).toContain("def f(a: Any");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("has keys of objects in quotes that hold", () => {
    const properties = {
      o: { type: "object", properties: { 'q"r': { type: "string" }, "x\ny": { type: "string" }, z: { type: "string", description: 5 } } },
    };
    expect(python("F.", { type: "object", properties })).toContain('o: {"q\\"r": str, "x\\ny": str, "z": str}');
    const typescript = renderSignature({ name: "f", description: "F.", inputSchema: { type: "object", properties } }, "javascript");
    expect(typescript).toContain('o?: { "q\\"r"?: string; "x\\ny"?: string; z?: string }');
  });

  it("is valid TypeScript: comments that don't end, reserved names, and what may be missing before what may not", () => {
    const properties = { a: { type: "string", description: "x */ y" }, default: { type: "bogus" } };
    const text = renderSignature({ name: "f", description: "F.", inputSchema: { type: "object", properties, required: ["default"] } }, "javascript");
    expect(text).toBe("/**\n * F.\n * @param a x * / y\n */\ndeclare function f(a: string | undefined, default_: unknown): Promise<unknown>;");
  });
});
