/** The number itself. Throws TypeError that names the option unless it is at least its minimum. */
export function atLeast(minimum: number, name: string, value: number): number {
  if (typeof value === "number" && value >= minimum) return value;
  throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${value}\` (${typeof value})`);
}
