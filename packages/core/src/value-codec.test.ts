import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainValue } from "./plain-value.ts";
import { pythonFloat, pythonType, type Value } from "./value.ts";
import { decodeValue, encodeValue } from "./value-codec.ts";

const roundTrip = (value: unknown): Value => decodeValue(JSON.parse(JSON.stringify(encodeValue(value))));

describe("the value codec", () => {
  it.each<readonly [string, Value]>([
    ["null", null],
    ["a boolean", true],
    ["an integer", 7],
    ["a fraction", 1.5],
    ["a float that is integral", pythonFloat(14)],
    ["negative zero", -0],
    ["NaN", Number.NaN],
    ["infinity", Number.NEGATIVE_INFINITY],
    ["a large float", 1e300],
    ["a large integer", 2n ** 70n],
    ["text with NUL and a lone surrogate", "a\u0000b\ud800"],
    ["bytes", new Uint8Array([0, 255, 7])],
    ["media", { mediaType: "image/png", data: new Uint8Array([1, 2]) }],
    ["a list", [1, [2, ["x"]]]],
    ["a tuple", { [pythonType]: "tuple", items: [1, "a"] }],
    ["a set", { [pythonType]: "set", items: [1] }],
    [
      "a dict with keys that aren't text",
      {
        [pythonType]: "dict",
        entries: [
          [1, "one"],
          [null, 2],
          [{ [pythonType]: "tuple", items: [1, 2] }, 3],
        ],
      },
    ],
    ["a date", { [pythonType]: "date", text: "2025-01-02" }],
    ["a timedelta", { [pythonType]: "timedelta", days: -1, seconds: 5, microseconds: 7 }],
    ["an array", { [pythonType]: "ndarray", dtype: "float64", shape: [1, 2], data: new Uint8Array(16) }],
    ["a frame", { [pythonType]: "frame", columns: [{ name: "a", dtype: "int64", values: [1, 2] }], index: [0, 1] }],
    ["an opaque object", { [pythonType]: "opaque", type: "Lock", repr: "<lock>" }],
  ])("carries %s", (_, value) => {
    expect(roundTrip(value)).toEqual(value);
  });

  it("carries objects with our own tag key and with hostile keys as own keys", () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "toString": "x", "$type": "int", "value": "7"}');
    const value = roundTrip(hostile) as Record<string, Value>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toString", "$type", "value"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("takes typed arrays as lists, and an ArrayBuffer as bytes", () => {
    expect(roundTrip({ embedding: new Float32Array([0.5, -1]), bytes: new Uint8Array([1]).buffer })).toEqual({
      embedding: [0.5, -1],
      bytes: new Uint8Array([1]),
    });
  });

  it("takes what host code returns: Map, Set, Date, undefined, toJSON", () => {
    expect(
      plainValue(roundTrip({ map: new Map([[1, 2]]), set: new Set([1]), date: new Date(0), gone: undefined, url: new URL("http://x/") })),
    ).toEqual({
      map: { "1": 2 },
      set: [1],
      date: "1970-01-01T00:00:00.000+00:00",
      url: "http://x/",
    });
  });

  it("refuses functions, symbols, cycles, depth, and getters that throw", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    let deep: unknown = 1;
    for (let level = 0; level < 200; level++) deep = [deep];
    const getter = Object.defineProperty({}, "x", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw null;
        },
      },
    );
    for (const bad of [() => 1, Symbol("x"), cycle, deep, getter, proxy, new Date(Number.NaN)]) {
      expect(() => encodeValue(bad)).toThrow(expect.objectContaining({ code: "value" }));
    }
  });

  it("refuses unknown and malformed tags and what breaks the limits", () => {
    const bad = [
      { $type: "pickle", value: "x" },
      { $type: "int", value: "1e9" },
      { $type: "int" },
      { $type: "bytes", value: "%%%" },
      { $type: "tuple", value: {} },
      { $type: 5 },
    ];
    for (const json of bad) expect(() => decodeValue(json)).toThrow(expect.objectContaining({ code: "value" }));
    expect(() => decodeValue([[[1]]], { maxDepth: 2, maxNodes: 100 })).toThrow(/deeper/);
    expect(() => decodeValue([1, 2, 3], { maxDepth: 9, maxNodes: 3 })).toThrow(/parts/);
  });

  it("carries any JSON unchanged", () => {
    void fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(plainValue(roundTrip(json))).toEqual(json);
      }),
      { numRuns: 300 },
    );
  });

  it("never throws anything but a typed error on foreign JSON", () => {
    const tagged = fc.letrec((tie) => ({
      node: fc.oneof(
        fc.jsonValue(),
        fc.record({
          $type: fc.constantFrom("int", "float", "dict", "tuple", "frame", "ndarray", "media", "x"),
          value: tie("node"),
          columns: tie("node"),
          levels: tie("node"),
        }),
      ),
    })).node;
    void fc.assert(
      fc.property(tagged, (json) => {
        try {
          decodeValue(json);
        } catch (error) {
          expect(error).toMatchObject({ code: "value" });
        }
      }),
      { numRuns: 500 },
    );
  });
});

it("bounds the digits of integers, which take quadratic time", () => {
  const integer = (digits: number, sign = ""): object => ({ $type: "int", value: sign + "9".repeat(digits) });
  expect(decodeValue(integer(100_000, "-"))).toBe(-BigInt("9".repeat(100_000)));
  expect(() => decodeValue(integer(100_001))).toThrow(/oversized integer/);
  expect(() => decodeValue(Array.from({ length: 11 }, () => integer(99_000)))).toThrow(/more than 1000000 digits/);
});

describe("tables", () => {
  const tuple = (...items: readonly Value[]): Value => ({ [pythonType]: "tuple", items });
  const columns = [{ name: "n", dtype: "category", values: ["a", "a"], categories: { isOrdered: true, values: ["b", "a"] } }];
  const index = [tuple("x", 1), tuple("x", 2)];
  const levels = {
    index: [
      { name: "city", dtype: "object" },
      { name: null, dtype: "int64" },
    ],
    columns: [{ name: tuple("part", 1), dtype: "object" }],
  };

  it("keep the names and kinds of their labels, and the categories of their columns", () => {
    expect(roundTrip({ [pythonType]: "frame", columns, index, levels })).toEqual({ [pythonType]: "frame", columns, index, levels });
    expect(roundTrip({ [pythonType]: "frame", columns, index })).toEqual({ [pythonType]: "frame", columns, index });
  });

  it("are refused with labels that don't have the parts they are said to have", () => {
    const json = (labels: readonly unknown[], ...each: readonly unknown[]): object => ({ $type: "frame", columns: [], index: labels, levels: each });
    const level = ["name", "object"];
    expect(() => decodeValue(json([1, 2], [level, level, level], [level]))).toThrow(/labels differ/);
    expect(() => decodeValue(json([{ $type: "tuple", value: [1] }], [level, level], [level]))).toThrow(/labels differ/);
    expect(() => decodeValue(json([], [level]))).toThrow(/lacks levels/);
    expect(() => decodeValue(json([], [["name"]], []))).toThrow(/expected text/);
  });
});

describe("plainValue", () => {
  it("names a described key by its description", () => {
    const red: Value = { [pythonType]: "opaque", type: "Color", repr: "<Color.RED: 1>" };
    const pair: Value = { [pythonType]: "tuple", items: [red, 2n ** 64n] };
    const entries = [
      [red, 1],
      [pair, 2],
    ] as const;
    expect(plainValue({ [pythonType]: "dict", entries })).toEqual({ "<Color.RED: 1>": 1, '["<Color.RED: 1>","18446744073709551616"]': 2 });
  });

  it("survives shapes and columns that lie", () => {
    const lie = decodeValue({ $type: "ndarray", dtype: "int8", shape: [100_000_000], value: "" });
    expect(plainValue(lie)).toEqual(new Uint8Array(0));
    const columns = Array.from({ length: 1_000 }, (_, name) => [String(name), "int64", []]);
    expect(() => decodeValue({ $type: "frame", columns, index: Array.from({ length: 1_000 }, () => 0) })).toThrow(/columns differ/);
    expect(() => decodeValue({ $type: "ndarray", dtype: "int8", shape: [-1], value: "" })).toThrow(/shape/);
    expect(
      plainValue({
        [pythonType]: "dict",
        entries: [
          [{ [pythonType]: "date", text: "2024-01-01" }, 1],
          [{ [pythonType]: "tuple", items: [2n ** 70n] }, 2],
        ],
      }),
    ).toEqual({
      "2024-01-01": 1,
      '["1180591620717411303424"]': 2,
    });
  });

  it("makes ordinary values of Python's", () => {
    const data = new Uint8Array(new Float64Array([1, 2, 3, 4]).buffer);
    expect(plainValue({ [pythonType]: "ndarray", dtype: "float64", shape: [2, 2], data })).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(plainValue({ [pythonType]: "ndarray", dtype: "bool", shape: [2], data: new Uint8Array([0, 1]) })).toEqual([false, true]);
    expect(plainValue({ [pythonType]: "ndarray", dtype: "int64", shape: [], data: new Uint8Array(8) })).toBe(0);
    expect(plainValue({ [pythonType]: "frame", columns: [{ name: "a", dtype: "int64", values: [1, 2] }], index: [0, 1] })).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
    expect(plainValue({ [pythonType]: "timedelta", days: 1, seconds: 1, microseconds: 500_000 })).toBe(86_401.5);
    expect(plainValue([pythonFloat(2), { [pythonType]: "tuple", items: [1] }])).toEqual([2, [1]]);
  });
});
