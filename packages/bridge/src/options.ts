import { inOneLine } from "./in-one-line.ts";
import { checkPackageNames } from "./package-names.ts";

/** Reads one option: its value with the default in, undefined for what may be left out. Throws TypeError that says what it expected. */
export type OptionReader<Value> = (value: unknown, name: string) => Value;

/** A reader for each of an object's options. */
export type OptionReaders<Resolved> = { readonly [Name in keyof Resolved]-?: OptionReader<Resolved[Name]> };

/** Bounds of an option that is a number, both inclusive. */
export interface NumberBounds {
  readonly minimum: number;
  /** @default Number.MAX_SAFE_INTEGER */
  readonly maximum?: number | undefined;
}

/** The options of an executor once its defaults are in: all are there, and only those of `Optional` may be undefined. */
export type ResolvedOptions<Options, Optional extends keyof Options = never> = {
  readonly [Name in keyof Options]-?: Name extends Optional ? Options[Name] : NonNullable<Options[Name]>;
};

/**
 * The options as a table of readers says, each with its default. Throws TypeError, also for an option that is in no row: options come from JSON too, where
 * no compiler finds a misspelt one.
 *
 * @example
 * const { image, memoryMib } = readOptions({ memoryMib: 512 }, { image: option.text("python:3.13"), memoryMib: option.integer(1_024, { minimum: 128 }) });
 */
export function readOptions<Resolved extends object>(options: object, readers: OptionReaders<Resolved>): Resolved {
  return readTable(options, readers, "");
}

/** What an option called `parent` has in it, or with an empty name the options themselves. */
function readTable<Resolved extends object>(given: unknown, readers: OptionReaders<Resolved>, parent: string): Resolved {
  const values = checkedObject(given, parent === "" ? "the options" : `\`${parent}\``);
  const pathOf = (name: string): string => (parent === "" ? name : `${parent}.${name}`);
  const unknown = Object.keys(values).find((name) => values[name] !== undefined && !Object.hasOwn(readers, name));
  if (unknown !== undefined) throw new TypeError(`Expected an option of ${Object.keys(readers).join(", ")}, got \`${inOneLine(pathOf(unknown))}\``);
  const rows = Object.entries(readers as Readonly<Record<string, OptionReader<unknown>>>);
  return Object.fromEntries(rows.map(([name, read]) => [name, read(values[name], pathOf(name))])) as Resolved;
}

/** Throws TypeError for what is no object, such as null out of JSON. */
function checkedObject(given: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Readonly<Record<string, unknown>>;
  throw new TypeError(`Expected ${what} to be an object, got ${Array.isArray(given) ? "a list" : `\`${inOneLine(given)}\``}`);
}

/** What options are, with their defaults. */
export const option = {
  /** A whole number. NaN, Infinity and numbers as text are none. */
  integer: (fallback: number, bounds: NumberBounds): OptionReader<number> =>
    checked(fallback, describe("an integer", bounds), (value) => Number.isSafeInteger(value) && isWithin(value, bounds)),

  number: (fallback: number, bounds: NumberBounds): OptionReader<number> =>
    checked(fallback, describe("a number", bounds), (value) => isWithin(value, bounds)),

  flag: (fallback: boolean): OptionReader<boolean> => checked(fallback, "true or false", (value) => typeof value === "boolean"),

  oneOf: <const Choice extends string>(fallback: Choice, ...others: readonly Choice[]): OptionReader<Choice> => {
    const choices: readonly unknown[] = [fallback, ...others];
    return checked(
      fallback,
      choices
        .map((choice) => JSON.stringify(choice))
        .join(", ")
        .replace(/, (?!.*, )/, " or "),
      (value) => choices.includes(value),
    );
  },

  /** A text that is not empty, and must be given where the fallback is; `what` it names, and how that is written. */
  text: (fallback: string, what = "a name", pattern: RegExp = /./s): OptionReader<string> =>
    checked(fallback, what, (value) => typeof value === "string" && pattern.test(value)),

  /** An object of strings, copied; none by default. No value appears in an error. */
  texts: (value: unknown, name: string): Readonly<Record<string, string>> => {
    if (value === undefined) return {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new TypeError(`Expected \`${name}\` to be an object of strings, got ${Array.isArray(value) ? "a list" : typeof value}`);
    for (const [key, text] of Object.entries(value))
      if (typeof text !== "string") throw new TypeError(`Expected \`${name}.${inOneLine(key)}\` to be a string, got ${typeof text}`);
    return { ...(value as Record<string, string>) };
  },

  /** The variables of a process, copied; none by default. No value, which may be a secret, appears in an error. */
  environment: (value: unknown, name: string): Readonly<Record<string, string>> => {
    const variables = option.texts(value, name);
    for (const [variable, text] of Object.entries(variables)) {
      if (!/^[A-Za-z_]\w*$/.test(variable)) throw unexpectedOption(name, "an object whose names are of letters, digits and _", variable);
      if (text.includes("\0")) throw new TypeError(`Expected \`${name}.${variable}\` to be a string without NUL`);
    }
    return variables;
  },

  /** Strings, copied; none by default. One string, which would be a list of its letters, is no list. */
  textList: (value: unknown, name: string): readonly string[] => {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((text) => typeof text === "string")) return [...value];
    throw unexpectedOption(name, "a list of strings", value);
  },

  /** Packages of an index, as `pipInstall` takes them; none by default. */
  packageNames: (value: unknown): readonly string[] => {
    if (value === undefined) return [];
    checkPackageNames(value as readonly string[]);
    return [...(value as readonly string[])];
  },

  /** A key that can be sent as a header: what can't be comes back in the text of an SDK's error. It appears in no error here. */
  accessKey: (value: unknown, name: string): string | undefined => {
    if (value === undefined || isAccessKey(value)) return value;
    throw new TypeError(`Expected \`${name}\` to be a text of printable characters without spaces`);
  },

  /** A list, copied; none by default. */
  list:
    <Entry>(read: OptionReader<Entry>): OptionReader<readonly Entry[]> =>
    (value, name) => {
      if (value === undefined) return [];
      if (Array.isArray(value)) return value.map((entry, index) => read(entry, `${name}[${index}]`));
      throw unexpectedOption(name, "a list", value);
    },

  /** An object of options, as `readOptions` takes them. */
  object:
    <Resolved extends object>(readers: OptionReaders<Resolved>): OptionReader<Resolved> =>
    (value, name) =>
      readTable(value, readers, name),

  /** What may be left out. */
  optional:
    <Value>(read: OptionReader<Value>): OptionReader<Value | undefined> =>
    (value, name) =>
      value === undefined ? undefined : read(value, name),
} as const;

/** The TypeError of an option that isn't `what` it should be, such as "an absolute path". */
export function unexpectedOption(name: string, what: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${what}, got \`${inOneLine(value)}\` (${typeof value})`);
}

/** Whether it can be sent as a header. */
export function isAccessKey(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}

function checked<Value>(fallback: Value, what: string, isRight: (value: unknown) => boolean): OptionReader<Value> {
  return (given, name) => {
    const value = given === undefined ? fallback : given;
    if (isRight(value)) return value as Value;
    throw unexpectedOption(name, what, given);
  };
}

function isWithin(value: unknown, { minimum, maximum = Number.MAX_SAFE_INTEGER }: NumberBounds): boolean {
  return typeof value === "number" && value >= minimum && value <= maximum;
}

function describe(kind: string, { minimum, maximum }: NumberBounds): string {
  return maximum === undefined ? `${kind} >= ${minimum}` : `${kind} from ${minimum} to ${maximum}`;
}
