/** The options of an executor once its defaults are in: all are there, and only those of `Optional` may be undefined. */
export type ResolvedOptions<Options, Optional extends keyof Options = never> = {
  readonly [Name in keyof Options]-?: Name extends Optional ? Options[Name] : NonNullable<Options[Name]>;
};

/**
 * Throws TypeError for an option that nobody reads: options also come from JSON, where no compiler finds a misspelt one.
 * `resolved` has all that there are, as the compiler sees to it: `ResolvedOptions<SomeOptions>`.
 */
export function checkOptionNames(options: object, resolved: object): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(resolved, name));
  if (unknown !== undefined) throw new TypeError(`Expected an option of ${Object.keys(resolved).join(", ")}, got \`${unknown}\``);
}
