import { ConfigurationError } from "./errors.ts";
import { ofKind } from "./option-checks.ts";
import { patternsOf } from "./pattern-properties.ts";
import { isObject, type JsonSchema, resolveRef, type StandardSchema } from "./schema.ts";
import { isMedia, isPythonValue, type PlainValue } from "./value.ts";

/**
 * A schema written as JSON Schema, with the type it stands for.
 * Checked are: type, properties, patternProperties, required, additionalProperties, enum, const, items, prefixItems, anyOf, oneOf, allOf, and local $ref.
 * Other keywords are passed on to models and not checked; nor are properties that a pattern may mean which could take long to read. A property that is
 * missing gets its `default`; of several choices the first one counts that takes the value. Throws TypeError for a schema that no value could ever pass, or that
 * would check nothing: a type that JSON doesn't have, such as `"int"`, or `required` that is no list.
 *
 * @example
 * const city = jsonSchema<{ name: string }>({ type: "object", properties: { name: { type: "string" } }, required: ["name"] });
 */
export function jsonSchema<T>(schema: JsonSchema): StandardSchema<T, T> {
  checkKeywords(ofKind("an object", "schema", schema), "schema", new Set());
  return {
    "~standard": {
      version: 1,
      vendor: "codelet",
      validate(given) {
        const budget = { left: maxCompletions };
        const value = completed(given, schema, { root: schema, depth: 0, hops: 0, budget });
        const found = schemaProblems(value, schema);
        const problems = found.length === 0 && budget.left < 0 ? [tooIntricate] : found; // some of it may lack its defaults
        return problems.length === 0 ? { value: value as T } : { issues: problems.map((message) => ({ message })) };
      },
      jsonSchema: { input: () => schema, output: () => schema },
    },
  };
}

const jsonTypes: readonly unknown[] = ["object", "array", "string", "number", "integer", "boolean", "null"];
/** Keywords that hold a schema for each name, and those that hold one or a list. */
const keywords = {
  named: ["properties", "patternProperties", "$defs", "definitions"],
  other: ["items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf"],
};

/** `seen`: a schema whose references were resolved already may hold itself. */
function checkKeywords(schema: unknown, path: string, seen: Set<unknown>): void {
  if (!isObject(schema) || seen.has(schema)) return;
  seen.add(schema);
  for (const type of typesOf(schema))
    if (!jsonTypes.includes(type)) throw new TypeError(`Expected \`${path}.type\` to be one of ${jsonTypes.join(", ")}, got \`${String(type)}\``);
  if (schema.required !== undefined) ofKind("a list of names", `${path}.required`, schema.required);
  for (const keyword of keywords.named) {
    const parts = schema[keyword] === undefined ? {} : ofKind("an object", `${path}.${keyword}`, schema[keyword] as object);
    for (const [name, part] of Object.entries(parts)) checkKeywords(part, `${path}.${keyword}.${name}`, seen);
  }
  for (const keyword of keywords.other) for (const part of [schema[keyword]].flat()) checkKeywords(part, `${path}.${keyword}`, seen);
}

/** With the defaults of properties that are missing, and large integers as numbers where the schema says `number`. */
function completed(value: unknown, schema: unknown, at: Pick<Position, "root" | "depth" | "hops" | "budget">): unknown {
  if (!isObject(schema) || at.hops > maxHops || at.depth > maxDepth || --at.budget.left < 0) return value;
  if (typeof value === "bigint" && typesOf(schema).includes("number") && !typesOf(schema).includes("integer")) return Number(value);
  let whole = value;
  const parts = [typeof schema.$ref === "string" ? resolveRef(schema.$ref, at.root) : undefined, schema.allOf].flat();
  for (const part of parts) whole = completed(whole, part, { ...at, hops: at.hops + 1 });
  whole = completedChoice(whole, schema, at);
  const item = (given: unknown, part: unknown): unknown => completed(given, part, { ...at, depth: at.depth + 1, hops: 0 });
  if (Array.isArray(whole)) {
    const items = whole.map((given, index) => item(given, schemaOfItem(schema, index)));
    return items.some((given, index) => given !== (whole as readonly unknown[])[index]) ? items : whole;
  }
  return isRecord(whole) ? completedRecord(whole, schema, item, at.budget) : whole;
}

/** As the first choice has it that takes it. */
function completedChoice(value: unknown, schema: JsonSchema, at: Pick<Position, "root" | "depth" | "hops" | "budget">): unknown {
  if (typeof value !== "bigint" && !Array.isArray(value) && !isRecord(value)) return value;
  for (const choice of choicesOf(schema)) {
    const candidate = completed(value, choice, { ...at, hops: at.hops + 1 });
    if (matches(candidate, choice, { ...at, path: "", problems: [] })) return candidate;
  }
  return value;
}

function completedRecord(
  record: Readonly<Record<string, PlainValue>>,
  schema: JsonSchema,
  complete: (given: unknown, part: unknown) => unknown,
  budget: Position["budget"],
): unknown {
  const changes: [string, unknown][] = [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  for (const [name, given] of Object.entries(record)) {
    const parts = partsOf(schema, name, budget);
    const item = parts.length > 0 ? parts.reduce(complete, given) : complete(given, schema.additionalProperties);
    if (item !== given) changes.push([name, item]);
  }
  for (const [name, part] of Object.entries(properties)) {
    if (Object.hasOwn(record, name) || !isObject(part) || part.default === undefined) continue;
    budget.left -= (jsonText(part.default) ?? "").length / charactersPerCheck;
    if (budget.left >= 0) changes.push([name, structuredClone(part.default)]);
  }
  // What needs nothing stays what it is, with its class and its `toJSON`.
  return changes.length === 0 ? record : Object.assign(Object.create(null), record, Object.fromEntries(changes));
}

/** What is said of a property by its name and by patterns. */
function partsOf({ properties, patternProperties }: JsonSchema, name: string, budget: Position["budget"]): readonly unknown[] {
  const named = isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  if (!isObject(patternProperties)) return named;
  const patterns = patternsOf(patternProperties);
  budget.left -= patterns.length;
  return [...named, ...patterns.flatMap((partFor) => partFor(name) ?? [])];
}

function choicesOf({ anyOf, oneOf }: JsonSchema): readonly unknown[] {
  const choices = anyOf ?? oneOf;
  return Array.isArray(choices) ? choices : [];
}

function typesOf({ type }: JsonSchema): readonly unknown[] {
  return type === undefined ? [] : [type].flat();
}

/** Of the item at this place: the first ones can have schemas of their own. */
function schemaOfItem({ prefixItems, items }: JsonSchema, index: number): unknown {
  return Array.isArray(prefixItems) && index < prefixItems.length ? prefixItems[index] : items;
}

/** Every way in which a value breaks a schema, at most 20, as `path: problem`. */
export function schemaProblems(value: unknown, schema: JsonSchema): readonly string[] {
  const problems: string[] = [];
  collect(value, schema, { root: schema, path: "", problems, depth: 0, hops: 0, budget: { left: maxChecks } });
  return problems;
}

interface Position {
  readonly root: JsonSchema;
  readonly path: string;
  readonly problems: string[];
  /** Of the value in the whole. */
  readonly depth: number;
  /** Schemas that led to this one for the same value. */
  readonly hops: number;
  /** Shared by the whole check: recursive choices would try exponentially many ways. */
  readonly budget: { left: number };
}

const maxChecks = 100_000;
/** Choices are tried with what they complete. */
const maxCompletions = 2 * maxChecks;
/** Of a default, which a long list of objects would get again and again. */
const charactersPerCheck = 100;
const tooIntricate = "value: too intricate to check";
const maxDepth = 200;
const maxHops = 200;

function collect(value: unknown, schema: unknown, at: Position): void {
  if (at.problems.length >= 20 || schema === true || !isObject(schema)) {
    if (schema === false) at.problems.push(`${at.path || "value"}: not allowed`);
    return;
  }
  if (--at.budget.left < 0) {
    at.problems.push(tooIntricate);
    return;
  }
  if (at.depth > maxDepth) {
    at.problems.push(`value: nested deeper than ${maxDepth} levels`);
    return;
  }
  if (at.hops > maxHops) throw new ConfigurationError("The schema's $ref goes in a circle.");
  if (typeof schema.$ref === "string") {
    const target = resolveRef(schema.$ref, at.root);
    if (target === undefined)
      throw new ConfigurationError(`The schema's $ref \`${schema.$ref}\` ${schema.$ref.startsWith("#") ? "points nowhere" : "is not local"}.`);
    collect(value, target, { ...at, hops: at.hops + 1 });
  }
  const types = typesOf(schema);
  const complain = (problem: string): void => {
    at.problems.push(`${at.path || "value"}: ${problem}`);
  };
  if (types.length > 0 && !types.some((type) => hasType(value, type))) {
    complain(`expected ${types.join(" or ")}, got ${describeType(value)}`);
    return;
  }
  if (Array.isArray(schema.enum) && !isOneOf(schema.enum, value)) complain(`expected one of ${JSON.stringify(schema.enum)}`);
  if ("const" in schema && !isOneOf([schema.const], value)) complain(`expected ${JSON.stringify(schema.const)}`);
  const hasChoices = Array.isArray(schema.anyOf ?? schema.oneOf);
  if (hasChoices && !choicesOf(schema).some((choice) => matches(value, choice, at))) complain("matches none of the allowed shapes");
  if (Array.isArray(schema.allOf)) for (const part of schema.allOf) collect(value, part, { ...at, hops: at.hops + 1 });
  if (Array.isArray(value)) for (const [index, item] of value.entries()) collect(item, schemaOfItem(schema, index), below(at, index));
  else if (isRecord(value)) collectProperties(value, schema, at);
}

function collectProperties(value: Readonly<Record<string, unknown>>, schema: JsonSchema, at: Position): void {
  for (const name of Array.isArray(schema.required) ? (schema.required as string[]) : []) {
    if (!Object.hasOwn(value, name)) at.problems.push(`${below(at, name).path}: missing`);
  }
  for (const [name, item] of Object.entries(value)) {
    const parts = partsOf(schema, name, at.budget);
    for (const part of parts) collect(item, part, below(at, name));
    if (parts.length === 0 && schema.additionalProperties === false) at.problems.push(`${below(at, name).path}: unknown`);
    else if (parts.length === 0) collect(item, schema.additionalProperties, below(at, name));
  }
}

function below(at: Position, key: string | number): Position {
  return { ...at, path: at.path === "" ? String(key) : `${at.path}.${key}`, depth: at.depth + 1, hops: 0 };
}

function matches(value: unknown, schema: unknown, at: Position): boolean {
  const problems: string[] = [];
  collect(value, schema, { ...at, problems, hops: at.hops + 1 });
  return problems.length === 0;
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return Number.isFinite(value) || typeof value === "bigint";
    default:
      return typeof value === type;
  }
}

function describeType(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return "array";
  if (isPythonValue(value)) return "an object that can't leave the sandbox";
  if (value instanceof Uint8Array) return "bytes";
  return isMedia(value) ? "media" : typeof value;
}

function isOneOf(allowed: readonly unknown[], value: unknown): boolean {
  if (allowed.includes(value)) return true;
  const text = typeof value === "object" ? jsonText(value) : undefined;
  return text !== undefined && allowed.some((each) => typeof each === "object" && jsonText(each) === text);
}

function jsonText(value: unknown): string | undefined {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return String(item);
    return isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item;
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, PlainValue>> {
  return isObject(value) && !isPythonValue(value) && !(value instanceof Uint8Array) && !isMedia(value);
}
