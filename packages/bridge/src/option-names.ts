/**
 * Throws TypeError for an option that nobody reads: options also come from JSON, where no compiler finds a misspelt one.
 * `known` is an object so that the compiler finds what is missing in it: `Record<keyof SomeOptions, true>`.
 */
export function checkOptionNames(options: object, known: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw new TypeError(`Expected an option of ${Object.keys(known).join(", ")}, got \`${unknown}\``);
}
