import { type FrameLevels, isMedia, isPythonValue, type Opaque, type PlainValue, type PythonValue, pythonType, type Value } from "./value.ts";

/**
 * A value without Python's distinctions, for tools and callers: tuples and sets become arrays, dicts objects with text keys, integral floats
 * numbers, dates ISO text, decimals text, timedeltas seconds, numeric arrays nested arrays, frames arrays of rows, with their labels where those say more than the row's number. Bytes, media, big integers and
 * opaque objects stay as they are.
 */
export function plainValue(value: Value): PlainValue {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isMedia(value)) return value as PlainValue;
  if (Array.isArray(value)) return value.map(plainValue);
  return isPythonValue(value) ? plainPython(value) : plainObject(Object.entries(value as { readonly [key: string]: Value }));
}

function plainPython(value: PythonValue | Opaque): PlainValue {
  switch (value[pythonType]) {
    case "float":
      return value.value;
    case "tuple":
    case "set":
    case "frozenset":
      return value.items.map(plainValue);
    case "dict":
      return plainObject(value.entries);
    case "timedelta":
      return value.days * 86_400 + value.seconds + value.microseconds / 1e6;
    case "ndarray":
      return plainArray(value.dtype, value.shape, value.data);
    case "frame":
      return value.index.map((label, row) =>
        plainObject([...rowLabels(label, value), ...value.columns.map(({ name, values }) => [name, values[row] ?? null] as const)]),
      );
    case "opaque":
      return value;
    default:
      return value.text;
  }
}

/** Labels are part of the row, under the names that pandas' `reset_index()` gives them, unless they only number it. */
function rowLabels(label: Value, { columns, levels }: Extract<PythonValue, { readonly levels?: FrameLevels }>): readonly (readonly [Value, Value])[] {
  const [first, ...others] = levels?.index ?? [];
  if (first === undefined || (others.length === 0 && first.name === null && /^u?int\d/i.test(first.dtype))) return [];
  // pandas has tuples of one, too: the labels of what value_counts() counts in one column.
  const parts = isPythonValue(label) && label[pythonType] === "tuple" && (others.length > 0 || label.items.length === 1) ? label.items : [label];
  const unnamed = others.length === 0 && columns.every(({ name }) => name !== "index") ? "index" : "level_0";
  return [first, ...others].map(({ name }, level) => [name ?? (level === 0 ? unnamed : `level_${level}`), parts[level] ?? null] as const);
}

/** Keys become text as in Python's `json.dumps`; composite ones become JSON, described ones their description. */
function plainObject(entries: readonly (readonly [Value, Value])[]): PlainValue {
  const plain: Record<string, PlainValue> = Object.create(null);
  for (const [key, item] of entries) plain[keyText(plainValue(key))] = plainValue(item);
  return plain;
}

function keyText(key: PlainValue): string {
  if (typeof key !== "object" || key === null) return String(key);
  const shown = (item: unknown): unknown => (typeof item === "bigint" ? String(item) : isPythonValue(item) ? (item as Opaque).repr : item);
  return isPythonValue(key) ? (key as Opaque).repr : JSON.stringify(key, (_, item) => shown(item));
}

const typedArrays: Readonly<Record<string, { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): ArrayLike<number | bigint> }>> = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Nested arrays, or the bytes where shape and bytes don't fit: both come from a sandbox. */
function plainArray(dtype: string, shape: readonly number[], data: Uint8Array): PlainValue {
  const TypedArray = typedArrays[dtype];
  const size = shape.reduce((product, length) => product * length, TypedArray?.BYTES_PER_ELEMENT ?? 0);
  if (TypedArray === undefined || size !== data.length || shape.length > 32 || size === 0) return size === 0 && TypedArray ? [] : data;
  const numbers = Array.from(new TypedArray(data.slice().buffer), (item) =>
    typeof item === "bigint" && Number.isSafeInteger(Number(item)) ? Number(item) : item,
  );
  return nest(dtype === "bool" ? numbers.map(Boolean) : numbers, shape);
}

function nest(items: readonly PlainValue[], [length, ...inner]: readonly number[]): PlainValue {
  if (length === undefined) return items[0] ?? null;
  const size = items.length / length;
  return Array.from({ length }, (_, index) => nest(items.slice(index * size, (index + 1) * size), inner));
}
