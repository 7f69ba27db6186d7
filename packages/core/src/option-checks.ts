/** The number itself. Throws TypeError that names the option unless it is at least its minimum. */
export function atLeast(minimum: number, name: string, value: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${String(value)}\` (${typeof value})`);
}

/** The choice itself. Throws TypeError that names the option unless it is one of those. */
export function oneOf<Choice extends string | boolean | undefined>(choices: readonly Choice[], name: string, value: Choice): Choice {
  if (choices.includes(value)) return value;
  throw new TypeError(`Expected \`${name}\` to be one of ${choices.map(String).join(", ")}, got \`${String(value)}\` (${typeof value})`);
}

/** A row for each option: its kind in words, as `ofKind` takes them, or true where something else checks it. */
export type KnownOptions<Options> = { readonly [Name in keyof Options]-?: true | string };

/**
 * The options themselves. Throws TypeError for some that are no object, for a name that is misspelled (what it should have switched on would stay off), and for a value that
 * isn't what `known` says in words; another value than words stands for one that is checked elsewhere.
 */
export function checkOptions<Options extends object>(what: string, given: Options, known: Readonly<Record<string, unknown>>): Options {
  ofKind("an object", `options of ${what}`, given);
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const unknown = entries.find(([name]) => !Object.hasOwn(known, name))?.[0];
  if (unknown !== undefined) throw new TypeError(`Expected \`${what}\` to have only ${Object.keys(known).join(", ")}, got \`${unknown}\``);
  for (const [name, value] of entries) if (typeof known[name] === "string") ofKind(known[name], name, value);
  return given;
}

const kinds: Readonly<Record<string, string>> = {
  String: "text",
  Array: "a list",
  Object: "an object",
  Module: "an object",
  Boolean: "true or false",
  Null: "null",
  Undefined: "undefined",
};

/** The value itself. Throws TypeError that names the option unless the words name the value's kind; "list of functions" and "list of names" are about its items too. */
export function ofKind<Value>(expected: string, name: string, value: Value): Value {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const actual = typeof value === "function" ? "a function" : (kinds[tag] ?? tag);
  if (!expected.includes(actual)) throw new TypeError(`Expected \`${name}\` to be ${expected}, got ${actual}`);
  const items = expected.includes("list of functions") ? "a function" : expected.includes("list of names") && "text";
  if (Array.isArray(value) && items) for (const [index, item] of value.entries()) ofKind(items, `${name}[${index}]`, item);
  return value;
}
