import { ValueError } from "./errors.ts";
import { isMedia, isPythonValue, pythonType, type Value } from "./value.ts";

/**
 * Anything a host function returned as plain data, read once: no getter, proxy or later change of it can do harm afterwards.
 * `Map`, `Set`, `Date`, `ArrayBuffer`, `undefined` and objects with `toJSON` become what they mean, typed arrays and whatever else can be iterated a list, errors
 * their name and message. Throws {@link ValueError} for functions, symbols, promises, cycles, more than 100 levels, and more than `maxBytes` of text, bytes and parts.
 */
export function toValue(foreign: unknown, maxBytes: number, maxDepth = 100): Value {
  const open = new Set<object>();
  let bytes = 0;

  const count = (size: number): void => {
    bytes += size;
    if (bytes > maxBytes) throw new ValueError(`it holds more than ${maxBytes} bytes`);
  };
  const copy = (value: unknown): Value => {
    count(typeof value === "string" ? value.length : 8);
    if (value === undefined || value === null) return null;
    if (typeof value === "function" || typeof value === "symbol") throw new ValueError(`a ${typeof value} can't leave the host`);
    if (typeof value !== "object") return value as Value;
    if (value instanceof Uint8Array) return copyBytes(value);
    if (open.has(value)) throw new ValueError("it contains itself");
    if (open.size >= maxDepth) throw new ValueError(`it is nested deeper than ${maxDepth} levels`);
    open.add(value);
    const copied = copyObject(value);
    open.delete(value);
    return copied;
  };
  const copyBytes = (value: Uint8Array): Uint8Array => {
    count(value.length);
    return new Uint8Array(value); // a Buffer's slice would be its memory
  };
  const copyObject = (value: object): Value => {
    if (isPythonValue(value)) return { ...(copyRecord(value) as object), [pythonType]: value[pythonType] } as Value;
    if (isMedia(value)) return { mediaType: value.mediaType, data: copy(value.data) as Uint8Array };
    if (Array.isArray(value)) return Array.from(value, copy);
    if (value instanceof Set) return { [pythonType]: "set", items: Array.from(value, copy) };
    if (value instanceof Map) return copyMap(value);
    if (value instanceof ArrayBuffer) return copyBytes(new Uint8Array(value));
    if (value instanceof Date && Number.isNaN(value.getTime())) throw new ValueError("an invalid Date can't leave the host");
    if (value instanceof Date) return { [pythonType]: "datetime", text: value.toISOString().replace("Z", "+00:00") };
    if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON());
    if (value instanceof Promise) throw new ValueError("a promise can't leave the host: await it");
    if (value instanceof Error) return copyRecord({ name: value.name, message: value.message });
    if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, copy);
    if (Object.keys(value).length === 0 && !isPlain(value))
      throw new ValueError(`a ${className(value)} has no data of its own: return what is in it`);
    return copyRecord(value);
  };
  const copyRecord = (value: object): Value => {
    const record: Record<string, Value> = Object.create(null);
    for (const [key, item] of Object.entries(value)) {
      count(key.length);
      if (item !== undefined) record[key] = copy(item);
    }
    return record;
  };
  const copyMap = (map: ReadonlyMap<unknown, unknown>): Value => ({
    [pythonType]: "dict",
    entries: Array.from(map, ([key, item]) => [copy(key), copy(item)] as const),
  });

  try {
    return copy(foreign);
  } catch (error) {
    throw error instanceof ValueError ? error : new ValueError("a getter or a proxy in it throws", { cause: error });
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  return value.constructor?.name || "value of this class";
}
