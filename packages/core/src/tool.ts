import { describeThrown } from "./errors.ts";
import type { ToolSignature } from "./executor.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import { atLeast, checkOptions, type KnownOptions, oneOf } from "./option-checks.ts";
import { type JsonSchema, type ResolvedSchema, resolveRef, resolveSchema, type StandardSchema } from "./schema.ts";
import { toValue } from "./to-value.ts";
import type { Json, Value } from "./value.ts";

/** What a tool may use while it runs. */
export interface ToolContext<Context = unknown> {
  /** Aborted when the run ends, or when the code gives up on this call. */
  readonly signal: AbortSignal;
  readonly runId: string;
  readonly callId: string;
  /** The same on every attempt of this call, also after a crash: hand it to back ends that deduplicate. */
  readonly idempotencyKey: string;
  readonly agentPath: readonly string[];
  /** Sends live data to the caller's events; best effort, never journaled. */
  emit(data: Json): void;
  /** The run's `context`: yours alone, never journaled, prompted or sent to a sandbox. */
  readonly context: Context;
}

/** What a tool is made from. */
export interface ToolOptions<Input, Output, Context> {
  /** A Python identifier, but for `print` and `final_answer`; the function's name in the code. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description: string;
  /** The arguments as an object schema; its keys in order are the positional parameters. */
  readonly input: StandardSchema<unknown, Input>;
  /** The result. `number` becomes a Python float, `integer` an int. @default anything that crosses */
  readonly output?: StandardSchema<Output, unknown> | undefined;
  /** Wait for a decision before each call, or before those for which the function says so. @default false */
  readonly needsApproval?: boolean | ((input: Input, context: Context) => boolean | Promise<boolean>) | undefined;
  /** Whether it reads data that must not get out. @default not said */
  readonly reads?: "private" | "public" | undefined;
  /** Whether its results hold what strangers may have written, instructions included. @default not said */
  readonly ingests?: "trusted" | "untrusted" | undefined;
  /** Whether a call can carry data out: a mail, a request to any URL. @default false */
  readonly egress?: boolean | undefined;
  /** Milliseconds until a call fails. Minimum 1. @default 300_000 */
  readonly timeoutMs?: number | undefined;
  readonly execute: (input: Input, context: ToolContext<Context>) => Output | Promise<Output>;
}

/** A host function that the model's code may call. Made by {@link tool}; runs on the host in every executor. */
export interface Tool<Input, Output, Context = unknown> extends AnyTool {
  readonly input: ResolvedSchema<Input>;
  execute(input: Input, context: ToolContext<Context>): Output | Promise<Output>;
}

/** Any tool, whatever it takes and returns. */
export interface AnyTool {
  readonly name: string;
  readonly description: string;
  readonly input: ResolvedSchema;
  readonly output: ResolvedSchema | undefined;
  readonly needsApproval: boolean | ((input: never, context: never) => boolean | Promise<boolean>);
  readonly reads: "private" | "public" | undefined;
  readonly ingests: "trusted" | "untrusted" | undefined;
  readonly egress: boolean;
  readonly timeoutMs: number;
  /** The agent behind it, if it is one. */
  readonly agent?: ManagedAgent | undefined;
  execute(input: never, context: ToolContext<never>): unknown;
}

const defaultToolTimeoutMs = 300_000;
// biome-ignore format: a table
const toolOptions: KnownOptions<ToolOptions<unknown, unknown, unknown>> = {
  name: true, description: true, input: true, output: true, execute: true, timeoutMs: true,
  needsApproval: "true or false, or a function", reads: true, ingests: true, egress: "true or false",
};
const pythonKeyword =
  /^(?:False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)$/;

/**
 * Defines a tool; its types flow from the schemas. Throws TypeError when a part is wrong.
 *
 * @example
 * const weather = tool({
 *   name: "get_weather",
 *   description: "Current weather of a city.",
 *   input: z.object({ city: z.string() }),
 *   output: z.object({ celsius: z.number() }),
 *   execute: async ({ city }) => ({ celsius: await readThermometer(city) }),
 * });
 */
export function tool<Input, Output, Context = unknown>(options: ToolOptions<Input, Output, Context>): Tool<Input, Output, Context> {
  checkOptions(`tool ${options?.name}`, options, toolOptions);
  const { name, description, execute, timeoutMs = defaultToolTimeoutMs, needsApproval = false, reads, ingests, egress = false } = options;
  checkName(name);
  oneOf(["private", "public", undefined], "reads", reads);
  oneOf(["trusted", "untrusted", undefined], "ingests", ingests);
  if (typeof description !== "string" || description.trim() === "")
    throw new TypeError(`Expected \`description\` of tool \`${name}\` to be text for the model.`);
  if (typeof execute !== "function") throw new TypeError(`Expected \`execute\` of tool \`${name}\` to be a function.`);
  atLeast(1, "timeoutMs", timeoutMs);
  const input = withoutRootRef(resolveSchema(options.input, "input", `input of tool ${name}`));
  const { type, properties, anyOf, oneOf: choices, allOf } = input.json;
  if (type !== "object" || (properties === undefined && (anyOf ?? choices ?? allOf) !== undefined))
    throw new TypeError(`Expected \`input\` of tool \`${name}\` to be an object schema: its keys are the parameters.`);
  const output = options.output === undefined ? undefined : resolveSchema(options.output as StandardSchema, "output", `output of tool ${name}`);
  return { name, description, input, output, needsApproval, reads, ingests, egress, timeoutMs, execute };
}

/** Variables as the sandbox takes them. Throws TypeError for a name that can't be one or is a tool's, and for what can't cross. */
export function checkVariables(variables: Readonly<Record<string, unknown>>, tools: ReadonlyMap<string, AnyTool>): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      checkName(name, "name of a variable");
      if (tools.has(name)) throw new TypeError(`Expected variables to have names of their own, got \`${name}\`, which is a tool`);
      try {
        return [name, toValue(value, Number.POSITIVE_INFINITY)];
      } catch (error) {
        throw new TypeError(`Expected the variable \`${name}\` to be plain data: ${describeThrown(error).message}`, { cause: error });
      }
    }),
  );
}

/** What a sandbox may know of a tool. Its parameters have the names that they have in code. */
export function toolSignature({ name, description, input: { json }, output }: AnyTool): ToolSignature {
  const properties = json.properties as object | undefined;
  const required = json.required as readonly string[] | undefined;
  const names = codeNames(json);
  const inCode = {
    ...(properties && { properties: Object.fromEntries([...names].map(([code, own]) => [code, properties[own as keyof object]])) }),
    ...(required && { required: [...names].filter(([, own]) => required.includes(own)).map(([code]) => code) }),
  };
  return { name, description, inputSchema: { ...json, ...inCode }, outputSchema: output?.json };
}

/** Each call asks for them. */
const codeNamesBySchema = new WeakMap<JsonSchema, ReadonlyMap<string, string>>();

/** The parameters in positional order by their names in code: `from` is `from_` there, as Python's own libraries write it, and `user-id` is `user_id`. */
export function codeNames(inputSchema: JsonSchema): ReadonlyMap<string, string> {
  const known = codeNamesBySchema.get(inputSchema);
  if (known !== undefined) return known;
  const names = parametersOf(inputSchema);
  const byCode = new Map<string, string>();
  for (const name of names) {
    let code = name.replaceAll(/[^\p{L}\p{N}_]/gu, "_").replace(/^(?=\p{N}|$)/u, "_");
    while (pythonKeyword.test(code) || byCode.has(code) || (code !== name && names.includes(code))) code += "_";
    byCode.set(code, name);
  }
  codeNamesBySchema.set(inputSchema, byCode);
  return byCode;
}

/** A schema that is one reference, as libraries write those that have a name, in the form in which its parameters show. */
function withoutRootRef<Input>(schema: ResolvedSchema<Input>): ResolvedSchema<Input> {
  const { $ref, ...rest } = schema.json;
  if (typeof $ref !== "string") return schema;
  return { ...schema, json: { ...rest, ...(resolveRef($ref, schema.json) as JsonSchema) } };
}

/** The parameters of an input schema in positional order: the order of its properties. */
export function parametersOf(inputSchema: JsonSchema): readonly string[] {
  return Object.keys((inputSchema.properties as object | undefined) ?? {});
}

/** Throws TypeError unless the name can be a function in Python and JavaScript. */
export function checkName(name: string, option = "name"): void {
  if (typeof name !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || pythonKeyword.test(name)) {
    throw new TypeError(
      `Expected \`${option}\` to be a Python identifier of ASCII letters, digits and _, and no keyword, got \`${String(name)}\` (${typeof name})`,
    );
  }
  if (name === "final_answer" || name === "print" || name.startsWith("__")) throw new TypeError(`The name \`${name}\` is taken by the sandbox.`);
}
