import { fromBase64, toBase64 } from "./base64.ts";
import { ValueError } from "./errors.ts";
import {
  type FrameColumn,
  type FrameLevel,
  isMedia,
  isPythonValue,
  type Json,
  type Opaque,
  type PythonValue,
  pythonType,
  type Value,
} from "./value.ts";
import { decodeFloat, decodeInteger, encodeNumber, floatText } from "./value-numbers.ts";

export { fromBase64, toBase64 } from "./base64.ts";

/** Bounds of one encoded or decoded value. */
export interface ValueLimits {
  /** Nesting of containers. @default 100 */
  readonly maxDepth: number;
  /** Values in all, containers included. @default 1_000_000 */
  readonly maxNodes: number;
}

/** What values are bounded by unless a caller says otherwise. */
export const defaultValueLimits: ValueLimits = { maxDepth: 100, maxNodes: 1_000_000 };

/**
 * The tagged JSON of a value: what is framed and journaled. Tags are `{"$type": …}`; an object with a key of that name is written as tagged entries.
 * Takes what tools really return: `Map`, `Set`, `Date`, `ArrayBuffer`, typed arrays, `undefined` and objects with `toJSON` too.
 * Throws {@link ValueError} for functions, symbols, cycles, and above the limits; getters that throw included.
 */
export function encodeValue(value: unknown, limits: ValueLimits = defaultValueLimits): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  const encoder = new Encoder(limits);
  try {
    return encoder.encode(value, 0);
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw new ValueError("The value can't be read: a getter or a proxy in it throws.", { cause: error });
  }
}

/** The value of tagged JSON. Throws {@link ValueError} for an unknown tag, a malformed one, and above the limits. */
export function decodeValue(json: unknown, limits: ValueLimits = defaultValueLimits): Value {
  if (json === null || typeof json === "string" || typeof json === "boolean") return json;
  return new Decoder(limits).decode(json, 0);
}

class Encoder {
  readonly #limits: ValueLimits;
  readonly #open = new Set<object>();
  #nodes = 0;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  encode(value: unknown, depth: number): Json {
    checkSize(++this.#nodes, depth, this.#limits);
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "undefined":
        return null;
      case "number":
        return encodeNumber(value);
      case "bigint":
        return { $type: "int", value: String(value) };
      case "object":
        return value === null ? null : this.#encodeObject(value, depth);
      default:
        throw new ValueError(`A ${typeof value} can't cross into a sandbox.`);
    }
  }

  #encodeObject(value: object, depth: number): Json {
    if (value instanceof Uint8Array) return { $type: "bytes", value: toBase64(value) };
    if (value instanceof ArrayBuffer) return { $type: "bytes", value: toBase64(new Uint8Array(value)) };
    if (isPythonValue(value)) return this.#encodePython(value, depth);
    if (isMedia(value)) return { $type: "media", mediaType: value.mediaType, value: toBase64(value.data) };
    if (value instanceof Date) return { $type: "datetime", value: isoText(value) };
    if (value instanceof Promise) throw new ValueError("A promise can't cross into a sandbox: await it.");
    if (this.#open.has(value)) throw new ValueError("A value that contains itself can't cross into a sandbox.");
    this.#open.add(value);
    const json = this.#encodeContainer(value, depth + 1);
    this.#open.delete(value);
    return json;
  }

  #encodeContainer(value: object, depth: number): Json {
    if (Array.isArray(value) || (ArrayBuffer.isView(value) && Symbol.iterator in value)) return this.#encodeItems(value as Iterable<unknown>, depth);
    if (value instanceof Map) return { $type: "dict", value: this.#encodeEntries(value, depth) };
    if (value instanceof Set) return { $type: "set", value: this.#encodeItems(value, depth) };
    if ("toJSON" in value && typeof value.toJSON === "function") return this.encode(value.toJSON(), depth);
    if (Object.hasOwn(value, "$type")) return { $type: "dict", value: this.#encodeEntries(Object.entries(value), depth) };
    const json: Record<string, Json> = Object.create(null);
    for (const key of Object.keys(value)) {
      const item: unknown = (value as Record<string, unknown>)[key];
      if (item !== undefined) json[key] = this.encode(item, depth);
    }
    return json;
  }

  #encodePython(value: PythonValue | Opaque, depth: number): Json {
    const type = value[pythonType];
    switch (type) {
      case "float":
        return { $type: "float", value: floatText(value.value) };
      case "tuple":
      case "set":
      case "frozenset":
        return { $type: type, value: this.#encodeItems(value.items, depth + 1) };
      case "dict":
        return { $type: "dict", value: this.#encodeEntries(value.entries, depth + 1) };
      case "timedelta":
        return { $type: type, value: [value.days, value.seconds, value.microseconds] };
      case "ndarray":
        return { $type: type, dtype: value.dtype, shape: value.shape, value: toBase64(value.data) };
      case "frame":
        return {
          $type: type,
          columns: value.columns.map((column) => this.#encodeLevel(column, depth + 1, [this.#encodeItems(column.values, depth + 1)])),
          index: this.#encodeItems(value.index, depth + 1),
          ...(value.levels && { levels: [this.#encodeLevels(value.levels.index, depth), this.#encodeLevels(value.levels.columns, depth)] }),
        };
      case "opaque":
        return { $type: type, type: value.type, repr: value.repr };
      default:
        return { $type: type, value: value.text };
    }
  }

  #encodeLevels(levels: readonly FrameLevel[], depth: number): Json[] {
    return levels.map((level) => this.#encodeLevel(level, depth + 1));
  }

  #encodeLevel({ name, dtype, categories }: FrameLevel, depth: number, values: readonly Json[] = []): Json {
    const all = categories === undefined ? [] : [[categories.isOrdered, this.#encodeItems(categories.values, depth)]];
    return [this.encode(name, depth), dtype, ...values, ...all];
  }

  #encodeItems(items: Iterable<unknown>, depth: number): Json[] {
    return Array.from(items, (item) => this.encode(item, depth));
  }

  #encodeEntries(entries: Iterable<readonly [unknown, unknown]>, depth: number): Json[] {
    return Array.from(entries, ([key, item]) => [this.encode(key, depth), this.encode(item, depth)]);
  }
}

/** Of all integers beyond 2^53 in one value. */
const maxDigits = 1_000_000;

class Decoder {
  readonly #limits: ValueLimits;
  #nodes = 0;
  #digits = 0;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  decode(json: unknown, depth: number): Value {
    checkSize(++this.#nodes, depth, this.#limits);
    if (json === null || typeof json === "string" || typeof json === "boolean" || typeof json === "number") return json;
    if (typeof json !== "object") throw new ValueError(`Expected JSON, got ${typeof json}.`);
    if (Array.isArray(json)) return json.map((item) => this.decode(item, depth + 1));
    const tagged = json as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(tagged, "$type")) return this.#decodeTagged(tagged, depth + 1);
    const value: Record<string, Value> = Object.create(null);
    for (const key of Object.keys(tagged)) value[key] = this.decode(tagged[key], depth + 1);
    return value;
  }

  #decodeTagged(tagged: Readonly<Record<string, unknown>>, depth: number): Value {
    const type = tagged.$type;
    switch (type) {
      case "int":
        return this.#integer(text(tagged.value));
      case "float":
        return decodeFloat(text(tagged.value));
      case "bytes":
        return fromBase64(text(tagged.value));
      case "media":
        return { mediaType: text(tagged.mediaType), data: fromBase64(text(tagged.value)) };
      case "tuple":
      case "set":
      case "frozenset":
        return { [pythonType]: type, items: this.#items(tagged.value, depth) };
      case "dict":
        return this.#decodeEntries(list(tagged.value), depth);
      case "datetime":
      case "date":
      case "time":
      case "decimal":
        return { [pythonType]: type, text: text(tagged.value) };
      case "timedelta": {
        const [days, seconds, microseconds] = list(tagged.value).map(integer);
        return { [pythonType]: type, days: days ?? 0, seconds: seconds ?? 0, microseconds: microseconds ?? 0 };
      }
      case "ndarray":
        return { [pythonType]: type, dtype: text(tagged.dtype), shape: shape(tagged.shape), data: fromBase64(text(tagged.value)) };
      case "frame":
        return this.#frame(tagged, depth);
      case "opaque":
        return { [pythonType]: type, type: text(tagged.type), repr: text(tagged.repr) };
      default:
        throw new ValueError("Unknown value tag.");
    }
  }

  /** Reading digits takes time that grows with their square. */
  #integer(digits: string): Value {
    this.#digits += digits.length;
    if (this.#digits > maxDigits) throw new ValueError(`The value's integers have more than ${maxDigits} digits.`);
    return decodeInteger(digits);
  }

  /** A dict is an object where that keeps its keys and their order (an object puts "2" before "10" and both before "a"); else it stays entries. */
  #decodeEntries(pairs: readonly unknown[], depth: number): Value {
    const entries = pairs.map((pair): readonly [Value, Value] => {
      const [key, value] = list(pair);
      return [this.decode(key, depth), this.decode(value, depth)];
    });
    const value: Record<string, Value> = Object.create(null);
    for (const [key, item] of entries) if (typeof key === "string") value[key] = item;
    const keys = Object.keys(value);
    const isSame = keys.length === entries.length && entries.every(([key], index) => key === keys[index]);
    return isSame ? value : { [pythonType]: "dict", entries };
  }

  #frame(tagged: Readonly<Record<string, unknown>>, depth: number): Value {
    const index = this.#items(tagged.index, depth);
    const columns = list(tagged.columns).map((column) => this.#column(column, depth));
    if (columns.some(({ values }) => values.length !== index.length)) throw new ValueError("Malformed frame: its columns differ in length.");
    if (tagged.levels === undefined) return { [pythonType]: "frame", columns, index };
    const [ofIndex, ofColumns] = list(tagged.levels).map((levels) => list(levels).map((level) => this.#level(list(level), depth)));
    if (ofIndex === undefined || ofColumns === undefined) throw new ValueError("Malformed frame: it lacks levels.");
    if (ofIndex.length > 1 && index.some((label) => partsOf(label) !== ofIndex.length))
      throw new ValueError("Malformed frame: its labels differ in length.");
    return { [pythonType]: "frame", columns, index, levels: { index: ofIndex, columns: ofColumns } };
  }

  #column(json: unknown, depth: number): FrameColumn {
    const [name, dtype, values, ...categories] = list(json);
    return { ...this.#level([name, dtype, ...categories], depth), values: this.#items(values, depth) };
  }

  #level([name, dtype, categories]: readonly unknown[], depth: number): FrameLevel {
    const level = { name: this.decode(name, depth), dtype: text(dtype) };
    if (categories === undefined) return level;
    const [isOrdered, values] = list(categories);
    return { ...level, categories: { isOrdered: isOrdered === true, values: this.#items(values, depth) } };
  }

  #items(json: unknown, depth: number): Value[] {
    return list(json).map((item) => this.decode(item, depth));
  }
}

function partsOf(label: Value): number {
  return isPythonValue(label) && label[pythonType] === "tuple" ? label.items.length : 1;
}

function checkSize(nodes: number, depth: number, limits: ValueLimits): void {
  if (depth > limits.maxDepth)
    throw new ValueError(`The value is nested deeper than ${limits.maxDepth} levels.`, { details: { maxDepth: limits.maxDepth } });
  if (nodes > limits.maxNodes) throw new ValueError(`The value has more than ${limits.maxNodes} parts.`, { details: { maxNodes: limits.maxNodes } });
}

function isoText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new ValueError("An invalid Date can't cross into a sandbox.");
  return date.toISOString().replace("Z", "+00:00");
}

function text(json: unknown): string {
  if (typeof json !== "string") throw new ValueError("Malformed value: expected text.");
  return json;
}

function integer(json: unknown): number {
  if (typeof json !== "number" || !Number.isSafeInteger(json)) throw new ValueError("Malformed value: expected an integer.");
  return json;
}

function shape(json: unknown): readonly number[] {
  const lengths = list(json).map(integer);
  if (lengths.length > 32 || lengths.some((length) => length < 0)) throw new ValueError("Malformed array shape.");
  return lengths;
}

function list(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw new ValueError("Malformed value: expected a list.");
  return json;
}
