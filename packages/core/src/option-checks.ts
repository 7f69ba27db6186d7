/** The number itself. Throws TypeError that names the option unless it is at least its minimum. */
export function atLeast(minimum: number, name: string, value: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${value}\` (${typeof value})`);
}

/** The choice itself. Throws TypeError that names the option unless it is one of those. */
export function oneOf<Choice extends string | boolean | undefined>(choices: readonly Choice[], name: string, value: Choice): Choice {
  if (choices.includes(value)) return value;
  throw new TypeError(`Expected \`${name}\` to be one of ${choices.join(", ")}, got \`${value}\` (${typeof value})`);
}

/** Throws TypeError for a name that is misspelled: what it should have switched on would stay off. */
export function refuseUnknown(what: string, given: object, known: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new TypeError(`Expected \`${what}\` to have only ${Object.keys(known).join(", ")}, got \`${unknown}\``);
}
