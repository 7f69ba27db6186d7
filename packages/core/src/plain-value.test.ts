import { expect, it } from "vitest";
import { plainValue } from "./plain-value.ts";
import { isMedia, pythonType, type Value } from "./value.ts";

const array = (dtype: string, shape: readonly number[], data: Uint8Array): Value => ({ [pythonType]: "ndarray", dtype, shape, data });
const bytes = (numbers: ArrayBufferView): Uint8Array => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

it.each<readonly [string, Value, unknown]>([
  [
    "of two rows",
    array("int32", [2, 2], bytes(new Int32Array([1, 2, 3, 4]))),
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ["of truth values", array("bool", [2], new Uint8Array([1, 0])), [true, false]],
  ["of large integers, as numbers where they are exact", array("int64", [2], bytes(new BigInt64Array([5n, 2n ** 60n]))), [5, 2n ** 60n]],
  ["of one number without a list", array("float64", [], bytes(new Float64Array([1.5]))), 1.5],
  ["of nothing", array("float64", [0], new Uint8Array()), []],
  ["of empty rows", array("float64", [2, 0], new Uint8Array()), []],
  ["whose bytes don't begin where their memory does", array("int16", [1], bytes(new Int16Array([7, 8, 9])).subarray(2, 4)), [8]],
])("gives an array %s", (_, value, expected) => {
  expect(plainValue(value)).toEqual(expected);
});

it.each<readonly [string, string, readonly number[]]>([
  ["an unknown type", "complex128", [8]],
  ["an unknown type and no items", "complex128", [0]],
  ["a shape that doesn't fit", "uint8", [7]],
  ["more dimensions than arrays have", "uint8", [8, ...Array.from({ length: 32 }, () => 1)]],
])("gives the bytes of an array of %s", (_, dtype, shape) => {
  const data = new Uint8Array(8);
  expect(plainValue(array(dtype, shape, data))).toBe(data);
});

it("gives rows of a table whose columns are of different lengths", () => {
  const column = (name: string, ...values: readonly Value[]) => ({ name, dtype: "int64", values });
  const frame: Value = { [pythonType]: "frame", columns: [column("a", 1, 2), column("b", 3)], index: [0, null] };
  expect(plainValue(frame)).toEqual([
    { a: 1, b: 3 },
    { a: 2, b: null },
  ]);
});

it("gives rows of a table with the labels that say more than a number", () => {
  const columns = [{ name: "size", dtype: "int64", values: [2, 9] }];
  const rows = (index: readonly Value[], ...names: readonly Value[]): unknown => {
    const level = (name: Value) => ({ name, dtype: typeof index[0] === "number" ? "int64" : "object" });
    return plainValue({ [pythonType]: "frame", columns, index, levels: { index: names.map(level), columns: [level(null)] } });
  };
  const pairs = [["Paris", 1] as const, ["Tokyo", 2] as const].map((items): Value => ({ [pythonType]: "tuple", items }));
  expect(rows(["Paris", "Tokyo"], "city")).toEqual([
    { city: "Paris", size: 2 },
    { city: "Tokyo", size: 9 },
  ]);
  expect(rows(pairs, null, "place")).toEqual([
    { level_0: "Paris", place: 1, size: 2 },
    { level_0: "Tokyo", place: 2, size: 9 },
  ]);
  expect(rows(["Paris", "Tokyo"], null)).toEqual([
    { index: "Paris", size: 2 },
    { index: "Tokyo", size: 9 },
  ]);
  expect(rows([5, 6], null)).toEqual([{ size: 2 }, { size: 9 }]);
  const ones = ["Paris", "Tokyo"].map((item): Value => ({ [pythonType]: "tuple", items: [item] }));
  expect(rows(ones, "city")).toEqual(rows(["Paris", "Tokyo"], "city"));
  const taken: Value = {
    [pythonType]: "frame",
    columns: [{ name: "index", dtype: "int64", values: [2] }],
    index: ["a"],
    levels: { index: [{ name: null, dtype: "object" }], columns: [] },
  };
  expect(plainValue(taken)).toEqual([{ level_0: "a", index: 2 }]);
  const ranges = { index: [{ name: null, dtype: "interval[int64, right]" }], columns: [] };
  expect(plainValue({ [pythonType]: "frame", columns, index: ["(0, 1]"], levels: ranges })).toEqual([{ index: "(0, 1]", size: 2 }]);
  expect(rows([5, 6], "year")).toEqual([
    { year: 5, size: 2 },
    { year: 6, size: 9 },
  ]);
  expect(rows([5, 6], "size")).toEqual([{ size: 2 }, { size: 9 }]);
});

it("leaves bytes, media and null as they are", () => {
  const data = new Uint8Array([1]);
  for (const value of [data, { mediaType: "image/png", data }, null]) expect(plainValue(value)).toBe(value);
});

it.each([
  ["more than two parts", { mediaType: "image/png", data: new Uint8Array(), name: "a.png" }],
  ["no bytes", { mediaType: "image/png", data: [1] }],
  ["no type", { mediaType: 1, data: new Uint8Array() }],
  ["nothing", null],
])("takes for media nothing with %s", (_, value) => {
  expect(isMedia(value)).toBe(false);
});
