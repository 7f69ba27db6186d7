/** JSON, the shape of everything that is journaled or framed. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What crosses the border between host and sandbox. Decoded objects have a null prototype. */
export type Value = PlainValue | PythonValue | readonly Value[] | { readonly [key: string]: Value };

/** A value without Python's distinctions: what tools receive and answers hold. */
export type PlainValue = PlainScalar | Uint8Array | Media | Opaque | readonly PlainValue[] | { readonly [key: string]: PlainValue };

type PlainScalar = null | boolean | number | bigint | string;

/** An image, a sound or another file with its media type. A PIL image in Python, where Pillow is there. */
export interface Media {
  readonly mediaType: string;
  readonly data: Uint8Array;
}

/** The key that marks a {@link PythonValue}; a symbol, so that no foreign key can collide with it. */
export const pythonType: unique symbol = Symbol.for("codelet.python-type") as never;

/** A description of an object that can't leave the sandbox. Sent back, it is a plain dict. */
export interface Opaque {
  readonly [pythonType]: "opaque";
  readonly type: string;
  readonly repr: string;
}

/** Python values that JSON can't tell apart. {@link plainValue} turns them into ordinary ones. */
export type PythonValue =
  | { readonly [pythonType]: "float"; readonly value: number }
  | { readonly [pythonType]: "tuple" | "set" | "frozenset"; readonly items: readonly Value[] }
  | { readonly [pythonType]: "dict"; readonly entries: readonly (readonly [Value, Value])[] }
  /** ISO 8601 text; `decimal` is Python's own notation. */
  | { readonly [pythonType]: "datetime" | "date" | "time" | "decimal"; readonly text: string }
  | { readonly [pythonType]: "timedelta"; readonly days: number; readonly seconds: number; readonly microseconds: number }
  /** A numeric array; `data` is row-major and little-endian. */
  | { readonly [pythonType]: "ndarray"; readonly dtype: string; readonly shape: readonly number[]; readonly data: Uint8Array }
  /** A table, column by column. Labels of several levels are tuples. */
  | { readonly [pythonType]: "frame"; readonly columns: readonly FrameColumn[]; readonly index: readonly Value[]; readonly levels?: FrameLevels };

/** What the labels of a table's rows and of its columns are, level by level. */
export interface FrameLevels {
  readonly index: readonly FrameLevel[];
  readonly columns: readonly FrameLevel[];
}

/** The name of some values of a table, `null` where they have none, and what they are. */
export interface FrameLevel {
  readonly name: Value;
  readonly dtype: string;
  /** Of the type "category": all that a value may be. */
  readonly categories?: { readonly isOrdered: boolean; readonly values: readonly Value[] };
}

/** One column of a table. */
export interface FrameColumn extends FrameLevel {
  readonly values: readonly Value[];
}

/** A Python float, also when integral: `pythonFloat(14)` is `14.0` in the sandbox. */
export function pythonFloat(value: number): Value {
  return { [pythonType]: "float", value };
}

/** Whether a value keeps a distinction that only Python makes, such as a tuple. */
export function isPythonValue(value: unknown): value is PythonValue | Opaque {
  return typeof value === "object" && value !== null && pythonType in value;
}

/** Whether a value is a picture, a sound or another file. */
export function isMedia(value: unknown): value is Media {
  if (typeof value !== "object" || value === null || !("mediaType" in value) || !("data" in value)) return false;
  return typeof value.mediaType === "string" && value.data instanceof Uint8Array && Object.keys(value).length === 2;
}
