import { describeThrown, ToolError, ToolInputError } from "./errors.ts";
import type { SandboxCall } from "./executor.ts";
import { plainValue } from "./plain-value.ts";
import { isObject, type JsonSchema, resolveRef } from "./schema.ts";
import { toValue } from "./to-value.ts";
import { type AnyTool, codeNames } from "./tool.ts";
import { isMedia, isPythonValue, type PlainValue, pythonFloat, type Value } from "./value.ts";

/** Positions become names here, once; unknown and doubled ones are refused, and `None` stands for an optional one that is not given. */
export function nameArguments(tool: AnyTool, { args, kwargs }: Pick<SandboxCall, "args" | "kwargs">): { readonly [name: string]: PlainValue } {
  const { json } = tool.input;
  const byCode = codeNames(json);
  const names = [...byCode.values()];
  const required = (json.required ?? []) as readonly string[];
  const input: Record<string, PlainValue> = Object.create(null);
  if (args.length > names.length) throw new ToolInputError(`${tool.name} takes ${names.length} arguments (${names.join(", ")}), got ${args.length}.`);
  for (const [given, value] of [...args.map((value, index) => [names[index] as string, value] as const), ...Object.entries(kwargs)]) {
    const name = names.includes(given) ? given : (byCode.get(given) ?? given);
    if (name in input) throw new ToolInputError(`${tool.name} got two values for \`${name}\`.`);
    if (!names.includes(name) && !json.additionalProperties)
      throw new ToolInputError(`${tool.name} has no parameter \`${name}\`, only: ${[...byCode.keys()].join(", ")}.`);
    input[name] = plainValue(value);
  }
  const properties = (json.properties ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of names) if (input[name] === null && !required.includes(name) && !takesNull(properties[name], json)) delete input[name];
  return input;
}

/** The result as plain data. Throws ToolError when it can't be passed on or breaks the output schema. */
export async function checkResult(tool: AnyTool, result: unknown, maxBytes: number): Promise<Value> {
  const checked = tool.output === undefined ? { value: result } : await tool.output.check(result);
  if ("problems" in checked) throw new ToolError(`${tool.name} returned what its output schema refuses: ${checked.problems.join("; ")}`);
  try {
    const value = toValue(checked.value, maxBytes);
    return tool.output === undefined ? value : typedNumbers(value, tool.output.json);
  } catch (error) {
    throw new ToolError(`${tool.name} returned a value that can't be passed on: ${describeThrown(error).message}.`, { cause: error });
  }
}

/** Whether a schema says that `null` is a value: then it is not the same as nothing. */
function takesNull(schema: unknown, root: JsonSchema): boolean {
  const choices = alternatives([schema], root);
  return choices.some(({ type, enum: values, const: only }) => [type, values, only].flat().some((each) => each === "null" || each === null));
}

/** Integral numbers under a `number` schema become Python floats: JavaScript can't tell 14 from 14.0. */
export function typedNumbers(value: Value, schema: JsonSchema): Value {
  return typed(value, alternatives([schema], schema), schema);
}

function typed(value: Value, schemas: readonly JsonSchema[], root: JsonSchema): Value {
  if (schemas.length === 0) return value;
  if (typeof value === "number") {
    const types = schemas.flatMap(({ type }) => type);
    return Number.isSafeInteger(value) && types.includes("number") && !types.includes("integer") ? pythonFloat(value) : value;
  }
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isMedia(value) || isPythonValue(value)) return value;
  if (Array.isArray(value)) {
    const items = schemas.map((schema) => schema.items);
    const every = alternatives(items, root);
    const first = schemas.flatMap(({ prefixItems }) => (Array.isArray(prefixItems) ? [prefixItems as readonly unknown[]] : []));
    const at = (index: number): readonly unknown[] => first.flatMap((parts) => (index in parts ? [parts[index]] : []));
    return value.map((item, index) => typed(item, first.length > 0 && at(index).length > 0 ? alternatives(at(index), root) : every, root));
  }
  const record: Record<string, Value> = Object.create(null);
  for (const [key, item] of Object.entries(value as { readonly [key: string]: Value })) {
    const parts = schemas.map(({ properties, additionalProperties }) => (properties as JsonSchema | undefined)?.[key] ?? additionalProperties);
    record[key] = typed(item, alternatives(parts, root), root);
  }
  return record;
}

const maxAlternatives = 100;

/** The schemas themselves and, flat, those that their references, choices and parts lead to. */
function alternatives(parts: readonly unknown[], root: JsonSchema): readonly JsonSchema[] {
  const found = new Set<JsonSchema>();
  const add = (part: unknown): void => {
    if (!isObject(part) || found.has(part) || found.size >= maxAlternatives) return;
    found.add(part);
    if (typeof part.$ref === "string") add(resolveRef(part.$ref, root));
    for (const more of [part.anyOf, part.oneOf, part.allOf].flat()) add(more);
  };
  parts.forEach(add);
  return [...found];
}
