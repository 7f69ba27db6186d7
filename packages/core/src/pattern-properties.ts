import { ConfigurationError } from "./errors.ts";
import type { JsonSchema } from "./schema.ts";

/** What a pattern says of a property of this name: a schema, or undefined where it doesn't mean it. */
export type PatternPart = (name: string) => unknown;

const patternsBySchema = new WeakMap<object, readonly PatternPart[]>();

/**
 * The patterns of `patternProperties`, each read once. They may be a stranger's, and nothing stops a regular expression: one that could take long, and every one
 * for a long name, says of each property that anything is allowed. Throws `configuration` for one that is none.
 */
export function patternsOf(patternProperties: JsonSchema): readonly PatternPart[] {
  const known = patternsBySchema.get(patternProperties);
  if (known !== undefined) return known;
  const patterns = Object.entries(patternProperties).map(([text, part]): PatternPart => {
    const pattern = regularExpression(text);
    if (!isQuick(text)) return () => true;
    return (name) => (name.length > maxNameCharacters ? true : pattern.test(name) ? part : undefined);
  });
  patternsBySchema.set(patternProperties, patterns);
  return patterns;
}

const maxNameCharacters = 100;
/** So often the time may grow with the name's length, and so many ways may a pattern have. */
const maxRepetitions = 2;
const maxChoices = 4;

/** Whether a name is read in time: a repeated group may try more ways than can be counted. */
function isQuick(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\[\s\S]/g, "x").replaceAll(/\[[^\]]*\]/g, "x");
  const choices = bare.split("|").length;
  const isAnchored = bare.startsWith("^") && choices === 1;
  const repetitions = (bare.match(/[*+]|\{\d+,|(?<!\()\?/g) ?? []).length + (isAnchored ? 0 : 1);
  return repetitions <= maxRepetitions && choices <= maxChoices && !/\)[*+{]/.test(bare);
}

/** As JSON Schema reads it; else as older validators do, which allow more. */
function regularExpression(pattern: string): RegExp {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags);
    } catch {}
  }
  throw new ConfigurationError(`The schema's pattern \`${pattern}\` is no regular expression.`);
}
