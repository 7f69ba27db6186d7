/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Any schema library that implements Standard JSON Schema: zod >= 4.2, arktype, valibot through `toStandardJsonSchema`.
 * @see https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      input(options: { readonly target: "draft-2020-12" }): JsonSchema;
      output(options: { readonly target: "draft-2020-12" }): JsonSchema;
    };
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** A schema as the kernel uses it: JSON Schema for prompts and sandboxes, and a check. */
export interface ResolvedSchema<Output = unknown> {
  readonly json: JsonSchema;
  /** The parsed value, or one line per problem. */
  check(value: unknown): Promise<{ readonly value: Output } | { readonly problems: readonly string[] }>;
}

/** Reads a schema once, at definition. Throws TypeError with the way out when it is not Standard JSON Schema. */
export function resolveSchema<Output>(schema: StandardSchema<unknown, Output>, role: "input" | "output", where: string): ResolvedSchema<Output> {
  const standard = (schema as Partial<StandardSchema<unknown, Output>> | undefined)?.["~standard"];
  if (standard?.jsonSchema === undefined || typeof standard.validate !== "function")
    throw new TypeError(`Expected \`${where}\` to be a Standard JSON Schema. ${schemaFix(standard?.vendor)}`);
  return {
    json: jsonOf(standard.jsonSchema, role, where),
    async check(value) {
      const result = await standard.validate(value);
      if (result.issues === undefined) return { value: result.value };
      return { problems: (await import("./schema-problems.ts")).problemsOf(result.issues, value) };
    },
  };
}

/** Throws TypeError for what JSON can't say, such as a date of zod's. */
function jsonOf(schema: NonNullable<StandardSchema["~standard"]["jsonSchema"]>, role: "input" | "output", where: string): JsonSchema {
  try {
    const { $schema: _, ...json } = schema[role]({ target: "draft-2020-12" });
    return json;
  } catch (cause) {
    throw new TypeError(`Expected \`${where}\` to be a schema of JSON data: ${cause}`, { cause });
  }
}

function schemaFix(vendor: string | undefined): string {
  if (vendor === "valibot") return "Wrap it: toStandardJsonSchema(schema) from @valibot/to-json-schema.";
  if (vendor === "zod") return "Use zod >= 4.2.";
  return "Use zod >= 4.2, arktype, or jsonSchema<T>({ … }) of @codelet/core/json-schema.";
}

/** What a reference of a schema points to; undefined for one that isn't local, or points nowhere. */
export function resolveRef(ref: string, root: JsonSchema): unknown {
  if (!/^#(?:\/|$)/.test(ref)) return undefined;
  let target: unknown = root;
  const escaped = ref.replaceAll(/%(?![\da-f]{2})/gi, "%25"); // a percent sign may stand for itself
  for (const segment of escaped.split("/").slice(1)) {
    const key = decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~");
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined;
  }
  return target;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
