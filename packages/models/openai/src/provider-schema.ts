import type { JsonSchema } from "@codelet/core";

const listKeywords = ["anyOf", "oneOf", "allOf", "prefixItems"];
const mapKeywords = ["properties", "$defs", "definitions"];
const schemaKeywords = ["items", "additionalProperties"];
/** What a strict server refuses. Patterns, some formats, bounds of numbers and counts of items are allowed. */
const neverStrict = [
  "allOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "default",
  "minLength",
  "maxLength",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "unevaluatedProperties",
  "patternProperties",
  "propertyNames",
  "contains",
  "prefixItems",
  "dependentRequired",
  "dependentSchemas",
];
const strictFormats = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/** The schema without the safe-integer bounds that zod adds to every integer: some providers refuse such numbers. */
export function providerSchema(schema: JsonSchema): JsonSchema {
  const { minimum, maximum, ...rest } = schema;
  const bounds = {
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
  };
  return mapSubschemas({ ...rest, ...bounds }, providerSchema);
}

/** The schema without patterns of texts, for a server that can't read all of them. */
export function withoutPatterns({ pattern: _, ...rest }: JsonSchema): JsonSchema {
  return mapSubschemas(rest, withoutPatterns);
}

/**
 * The schema in the form that a server can enforce strictly (all properties required, no others), or undefined where that would change what it means.
 * @see https://platform.openai.com/docs/guides/structured-outputs
 */
export function strictSchema(schema: JsonSchema): JsonSchema | undefined {
  let isStrict = schema.type === "object";
  const strict = (part: JsonSchema): JsonSchema => {
    isStrict &&= allowsStrict(part);
    const closed = part.properties === undefined ? part : { ...part, additionalProperties: false };
    return mapSubschemas(closed, strict);
  };
  const closed = strict(schema);
  return isStrict ? closed : undefined;
}

function allowsStrict(schema: JsonSchema): boolean {
  if (neverStrict.some((keyword) => keyword in schema)) return false;
  if ("format" in schema && !strictFormats.includes(schema.format as string)) return false;
  if (!["type", "enum", "const", "anyOf", "$ref"].some((keyword) => keyword in schema)) return false;
  if (!subschemasOf(schema).every(isSchema) || (hasType(schema, "array") && !isSchema(schema.items))) return false;
  if (!hasType(schema, "object")) return true;
  if (typeof schema.properties !== "object" || (schema.additionalProperties ?? false) !== false) return false;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.keys(schema.properties as object).every((name) => required.includes(name));
}

function hasType({ type }: JsonSchema, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name));
}

/** What stands where a schema is due: it may be a boolean, which a strict server refuses. */
function subschemasOf(schema: JsonSchema): readonly unknown[] {
  const lists = listKeywords.map((keyword) => schema[keyword]).filter((list) => Array.isArray(list));
  const maps = mapKeywords.map((keyword) => schema[keyword]).filter(isSchema);
  return [...("items" in schema ? [schema.items] : []), ...lists.flat(), ...maps.flatMap((map) => Object.values(map))];
}

function mapSubschemas(schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const mapped: Record<string, unknown> = { ...schema };
  const changeOne = (value: unknown): unknown => (isSchema(value) ? change(value) : value);
  for (const keyword of schemaKeywords) if (keyword in mapped) mapped[keyword] = changeOne(mapped[keyword]);
  for (const keyword of listKeywords) if (Array.isArray(mapped[keyword])) mapped[keyword] = (mapped[keyword] as unknown[]).map(changeOne);
  for (const keyword of mapKeywords) {
    const map = mapped[keyword];
    if (isSchema(map)) mapped[keyword] = Object.fromEntries(Object.entries(map).map(([name, value]) => [name, changeOne(value)]));
  }
  return mapped;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
