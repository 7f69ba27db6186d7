import { describeThrown, ToolError, ToolInputError } from "./errors.ts";
import type { SandboxCall } from "./executor.ts";
import { plainValue } from "./plain-value.ts";
import type { JsonSchema } from "./schema.ts";
import { toValue } from "./to-value.ts";
import { type AnyTool, parametersOf } from "./tool.ts";
import { isMedia, isPythonValue, type PlainValue, pythonFloat, type Value } from "./value.ts";

/** Positions become names here, once; unknown and doubled ones are refused, and `None` stands for an optional one that is not given. */
export function nameArguments(tool: AnyTool, { args, kwargs }: Pick<SandboxCall, "args" | "kwargs">): { readonly [name: string]: PlainValue } {
  const { json } = tool.input;
  const names = parametersOf(json);
  const required = (json.required ?? []) as readonly string[];
  const input: Record<string, PlainValue> = Object.create(null);
  if (args.length > names.length) throw new ToolInputError(`${tool.name} takes ${names.length} arguments (${names.join(", ")}), got ${args.length}.`);
  for (const [name, value] of [...args.map((value, index) => [names[index] as string, value] as const), ...Object.entries(kwargs)]) {
    if (name in input) throw new ToolInputError(`${tool.name} got two values for \`${name}\`.`);
    if (!names.includes(name) && !json.additionalProperties)
      throw new ToolInputError(`${tool.name} has no parameter \`${name}\`, only: ${names.join(", ")}.`);
    input[name] = plainValue(value);
  }
  for (const name of names) if (input[name] === null && !required.includes(name)) delete input[name];
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

/** Integral numbers under a `number` schema become Python floats: JavaScript can't tell 14 from 14.0. */
export function typedNumbers(value: Value, schema: unknown): Value {
  if (typeof schema !== "object" || schema === null) return value;
  const { items, properties, additionalProperties } = schema as JsonSchema & { readonly properties?: Readonly<Record<string, unknown>> };
  if (typeof value === "number") return Number.isSafeInteger(value) && isFloat(schema as JsonSchema) ? pythonFloat(value) : value;
  if (Array.isArray(value)) return value.map((item) => typedNumbers(item, items));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isMedia(value) || isPythonValue(value)) return value;
  const typed: Record<string, Value> = Object.create(null);
  for (const [key, item] of Object.entries(value as { readonly [key: string]: Value }))
    typed[key] = typedNumbers(item, properties?.[key] ?? additionalProperties);
  return typed;
}

/** Whether numbers under this schema are floats: `number`, also nullable or among others, but not beside `integer`. */
function isFloat({ type, anyOf, oneOf }: JsonSchema): boolean {
  const types = [type].flat();
  const choices = (anyOf ?? oneOf ?? []) as readonly JsonSchema[];
  return !types.includes("integer") && (types.includes("number") || (choices.some(isFloat) && !choices.some((choice) => choice.type === "integer")));
}
