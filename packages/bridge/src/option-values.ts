/** Bounds of an option that is a number, both inclusive. */
export interface NumberBounds {
  readonly minimum: number;
  /** @default Number.MAX_SAFE_INTEGER */
  readonly maximum?: number | undefined;
}

/** The value itself. Throws TypeError for what is no whole number within the bounds: NaN, Infinity and numbers as text are none. */
export function checkInteger(name: string, value: unknown, bounds: NumberBounds): number {
  if (Number.isSafeInteger(value) && isWithin(value, bounds)) return value;
  throw unexpectedOption(name, describe("an integer", bounds), value);
}

/** As `checkInteger`, with fractions. */
export function checkNumber(name: string, value: unknown, bounds: NumberBounds): number {
  if (isWithin(value, bounds)) return value;
  throw unexpectedOption(name, describe("a number", bounds), value);
}

/** The variables of a process, copied. Throws TypeError, in which a value, which may be a secret, does not appear. */
export function checkEnvironment(name: string, value: unknown): Readonly<Record<string, string>> {
  const variables = checkTexts(name, value);
  for (const [variable, text] of Object.entries(variables)) {
    if (!/^[A-Za-z_]\w*$/.test(variable)) throw unexpectedOption(name, "an object whose names are of letters, digits and _", variable);
    if (text.includes("\0")) throw new TypeError(`Expected \`${name}.${variable}\` to be a string without NUL`);
  }
  return variables;
}

/** An object of strings, copied. Throws TypeError, in which a value does not appear. */
export function checkTexts(name: string, value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpectedOption(name, "an object of strings", value);
  for (const [key, text] of Object.entries(value))
    if (typeof text !== "string") throw new TypeError(`Expected \`${name}.${key}\` to be a string, got ${typeof text}`);
  return { ...(value as Record<string, string>) };
}

/** The strings, copied. Throws TypeError, also for one string, which would be a list of its letters. */
export function checkTextList(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return [...value];
  throw unexpectedOption(name, "a list of strings", value);
}

/** The value itself. Throws TypeError for what is no string, or an empty one; `what` says what it names. */
export function checkName(name: string, value: unknown, what = "a name"): string {
  if (typeof value === "string" && value !== "") return value;
  throw unexpectedOption(name, what, value);
}

/** The TypeError of an option that isn't `what` it should be, such as "an absolute path". */
export function unexpectedOption(name: string, what: string, value: unknown): TypeError {
  return new TypeError(`Expected \`${name}\` to be ${what}, got \`${String(value)}\` (${typeof value})`);
}

function isWithin(value: unknown, { minimum, maximum = Number.MAX_SAFE_INTEGER }: NumberBounds): value is number {
  return typeof value === "number" && value >= minimum && value <= maximum;
}

function describe(kind: string, { minimum, maximum }: NumberBounds): string {
  return maximum === undefined ? `${kind} >= ${minimum}` : `${kind} from ${minimum} to ${maximum}`;
}
