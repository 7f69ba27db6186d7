import { isObject } from "./schema.ts";
import type { Json } from "./value.ts";

const maxDepth = 100;
const words: Readonly<Record<string, Json>> = { true: true, True: true, false: false, False: false, null: null, None: null, undefined: null };
const closings: Readonly<Record<string, string>> = { '"': '"', "'": "'", "“": "”", "‘": "’" };
/** White space, however long, and comments, which have a bound: who looks for the end of one at each brace would look long, and a choice costs stack. */
const comment = "(?://|#)[^\\n]{0,1000}\\n|/\\*[^*]{0,1000}\\*/";
const space = `\\s*(?:(?:${comment})\\s*){0,1000}`;
const betweenItems = new RegExp(`${space}(?:,${space})?`, "y");
const spaces = new RegExp(space, "y");
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** As many as Python reads; a longer one takes its time. */
const maxDigits = 4_300;

/** A piece of text that was read: up to `end`, where a reader that failed stopped too. */
export interface LooseJson {
  readonly value: Json | undefined;
  readonly end: number;
  /** False where the last brace is missing. */
  readonly isWhole: boolean;
}

/**
 * The JSON object, list or text at `start`, as models write it: with Python's quotes, tuples and words, curly quotes, comments, bare keys, commas too many, line
 * breaks in texts, and without the last brace before a tag or the end. `value` is undefined for anything else.
 * An integer that a number would round is a bigint, which `Json` has no name for: see {@link jsonSafe}.
 */
export function readLooseJson(text: string, start: number): LooseJson {
  const reader = new Reader(text, start);
  const value = reader.read(0);
  return { value, end: reader.at, isWhole: reader.isWhole };
}

const maxTries = 100;

/** The first object of a text that has this key, among prose and other braces. */
export function objectWith(key: string, text: string): { readonly [key: string]: Json } | undefined {
  for (let at = text.indexOf("{"), tries = 0; at >= 0 && tries < maxTries; tries++) {
    const { value, end } = readLooseJson(text, at);
    if (isObject(value) && Object.hasOwn(value, key)) return value as { readonly [key: string]: Json };
    at = text.indexOf("{", value === undefined ? at + 1 : end);
  }
  return undefined;
}

function exactNumber(text: string): Json {
  const number = Number(text);
  const isInteger = text.length <= maxDigits && /^-?\d+$/.test(text);
  const isRounded = isInteger && (!Number.isFinite(number) || BigInt(number) !== BigInt(text));
  return isRounded ? (BigInt(text) as unknown as Json) : number;
}

/** For what is written down or sent as JSON: bigints are text, with all of their digits. */
export function jsonSafe(value: Json): Json {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(jsonSafe);
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonSafe(item as Json)])) : value;
}

class Reader {
  at: number;
  isWhole = true;
  readonly #text: string;

  constructor(text: string, start: number) {
    this.#text = text;
    this.at = start;
  }

  read(depth: number): Json | undefined {
    const first = this.#text[this.at];
    if (first === "{") return this.#entries(depth);
    if (first === "[" || first === "(") return this.#each(first === "[" ? "]" : ")", depth, () => this.read(depth + 1));
    if (first !== undefined && first in closings) return this.#string(first);
    const number = this.#take(/-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/y);
    if (number !== undefined) return exactNumber(number);
    const word = this.#take(/[A-Za-z]+/y);
    return word !== undefined && Object.hasOwn(words, word) ? words[word] : undefined;
  }

  #entries(depth: number): Json | undefined {
    const entries = this.#each("}", depth, (): [string, Json] | undefined => {
      const quote = this.#text[this.at] ?? "";
      const key = quote in closings ? this.#string(quote) : this.#take(/[\w$-]+/y);
      if (key === undefined || !this.#takeColon()) return undefined;
      const value = this.read(depth + 1);
      return value === undefined ? undefined : [key, value];
    });
    return entries && Object.fromEntries(entries);
  }

  #takeColon(): boolean {
    this.#take(spaces); // also where no colon follows: who begins at many braces sees how far it looked
    const isThere = this.#take(/:/y) !== undefined;
    this.#take(spaces);
    return isThere;
  }

  /** What stands between commas up to `close`; undefined when something doesn't fit. */
  #each<Item>(close: string, depth: number, readOne: () => Item | undefined): Item[] | undefined {
    const items: Item[] = [];
    this.at++;
    while (depth < maxDepth) {
      const hasComma = this.#take(betweenItems)?.includes(",") ?? false;
      if (this.#text[this.at] === close) {
        this.at++;
        return items;
      }
      if (depth === 0 && items.length > 0 && (this.at >= this.#text.length || this.#text[this.at] === "<")) {
        this.isWhole = false;
        return items;
      }
      const item = hasComma === items.length > 0 ? readOne() : undefined;
      if (item === undefined) return undefined;
      items.push(item);
    }
    return undefined;
  }

  #string(quote: string): string | undefined {
    let value = "";
    const isLong = quote === this.#text[this.at + 1] && quote === this.#text[this.at + 2];
    const close = isLong ? quote.repeat(3) : (closings[quote] as string);
    const plain = new RegExp(`[^${close[0]}\\\\]*`, "y");
    for (this.at += close.length; this.at < this.#text.length; ) {
      value += this.#take(plain);
      if (this.#text.startsWith(close, this.at)) {
        this.at += close.length;
        return value;
      }
      const code = this.#take(/\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}/y);
      if (code !== undefined) value += String.fromCharCode(Number.parseInt(code.slice(2), 16));
      else value += this.#text[this.at] === "\\" ? this.#escaped() : (this.#take(/[\s\S]/y) ?? "");
    }
    return undefined;
  }

  #escaped(): string {
    const letter = this.#text[this.at + 1] ?? "";
    this.at += 2;
    return escapes[letter] ?? (/[A-Za-z\d]/.test(letter) ? `\\${letter}` : letter);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
