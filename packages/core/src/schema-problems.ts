import type { StandardResult } from "./schema.ts";

type Issues = NonNullable<StandardResult<unknown>["issues"]>;

/** What a library says against a value, a line for each problem, for the model. */
export function problemsOf(issues: Issues, value: unknown): readonly string[] {
  return issues.map(({ message, path = [] }) => {
    const keys = path.map(pathKey);
    const given = keys.reduce<unknown>((whole, key) => (whole as { readonly [key: string]: unknown } | null | undefined)?.[key], value);
    return `${keys.length > 0 ? `${keys.join(".")}: ` : ""}${message}${isTooLarge(given) ? tooLarge : ""}`;
  });
}

/** Libraries speak of a bigint, which nobody has written. */
const tooLarge = ` (this integer is beyond ±${Number.MAX_SAFE_INTEGER}: where it needn't be exact, write it with an exponent, else as text where text is allowed)`;

function isTooLarge(value: unknown): boolean {
  return typeof value === "bigint" && !Number.isSafeInteger(Number(value));
}

function pathKey(segment: unknown): string {
  return String(typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment);
}
