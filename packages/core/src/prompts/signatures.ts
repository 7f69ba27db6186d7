import type { ToolSignature } from "../executor.ts";
import type { JsonSchema } from "../schema.ts";

/** A tool as the model reads it: a typed function with a docstring, in the language of its code. */
export function renderSignature(signature: ToolSignature, language: "python" | "javascript"): string {
  return language === "python" ? pythonSignature(signature) : typescriptSignature(signature);
}

/** The same without its documentation, on one line as long as names and defaults are. */
export function renderHead(signature: ToolSignature, language: "python" | "javascript"): string {
  return language === "python" ? pythonHead(signature) : typescriptHead(signature);
}

interface Parameter {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

function parameters({ inputSchema }: ToolSignature): readonly Parameter[] {
  const required = new Set((inputSchema.required as readonly string[] | undefined) ?? []);
  const properties = (inputSchema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  return Object.entries(properties).map(([name, given]) => {
    const schema = typeof given === "object" ? given : {};
    return { name, schema, required: required.has(name) && !("default" in schema) };
  });
}

function pythonHead(signature: ToolSignature): string {
  const list = parameters(signature).map(
    ({ name, schema, required }) => `${name}: ${pythonType(schema)}${required ? "" : ` = ${pythonLiteral(schema.default)}`}`,
  );
  return `${signature.name}(${list.join(", ")})${signature.outputSchema ? ` -> ${pythonType(signature.outputSchema)}` : ""}`;
}

function pythonSignature(signature: ToolSignature): string {
  const all = parameters(signature);
  const described = all.filter(({ schema }) => schema.description).map(({ name, schema }) => `        ${name}: ${oneLine(schema.description)}`);
  const returns = signature.outputSchema && pythonShape(signature.outputSchema);
  const documentation = [
    `    ${signature.description.trim().replaceAll('"""', "'''").replaceAll("\n", "\n    ")}`,
    ...(described.length > 0 ? ["", "    Args:", ...described] : []),
    ...(returns?.startsWith("{") || returns?.startsWith("list[{") ? ["", `    Returns: ${returns}`] : []),
  ].join("\n");
  return `def ${pythonHead(signature)}:\n    """${documentation.trimStart()}"""`;
}

function typescriptHead(signature: ToolSignature): string {
  const list = parameters(signature).map(({ name, schema, required }) => `${name}${required ? "" : "?"}: ${typescriptType(schema)}`);
  const result = signature.outputSchema ? typescriptType(signature.outputSchema) : "unknown";
  return `${signature.name}(${list.join(", ")}): Promise<${result}>`;
}

function typescriptSignature(signature: ToolSignature): string {
  const all = parameters(signature);
  const described = all.filter(({ schema }) => schema.description).map(({ name, schema }) => ` * @param ${name} ${oneLine(schema.description)}`);
  const lines = [
    ...signature.description
      .trim()
      .replaceAll("*/", "* /")
      .split("\n")
      .map((line) => ` * ${line}`),
    ...described,
  ];
  return `/**\n${lines.join("\n")}\n */\ndeclare function ${typescriptHead(signature)};`;
}

const pythonNames: Readonly<Record<string, string>> = {
  string: "str",
  integer: "int",
  number: "float",
  boolean: "bool",
  null: "None",
  array: "list",
  object: "dict",
};

function pythonType(schema: JsonSchema): string {
  return renderType(schema, {
    literal: (values) => `Literal[${values.map(pythonLiteral).join(", ")}]`,
    list: (item) => `list[${item}]`,
    name: (type) => pythonNames[type] ?? "Any",
    any: "Any",
    object: () => "dict",
  });
}

/** The keys of an object too, which a Python type can't say. */
function pythonShape(schema: JsonSchema): string {
  return renderType(schema, {
    literal: (values) => `Literal[${values.map(pythonLiteral).join(", ")}]`,
    list: (item) => `list[${item}]`,
    name: (type) => pythonNames[type] ?? "Any",
    any: "Any",
    object: (entries) => `{${entries.map(([key, type]) => `"${key}": ${type}`).join(", ")}}`,
  });
}

function typescriptType(schema: JsonSchema): string {
  return renderType(schema, {
    literal: (values) => values.map((value) => JSON.stringify(value)).join(" | "),
    list: (item) => `Array<${item}>`,
    name: (type) => (type === "integer" ? "number" : type === "array" ? "unknown[]" : type),
    any: "unknown",
    object: (entries) => `{ ${entries.map(([key, type, required]) => `${key}${required ? "" : "?"}: ${type}`).join("; ")} }`,
  });
}

interface TypeSyntax {
  literal(values: readonly unknown[]): string;
  list(item: string): string;
  name(type: string): string;
  readonly any: string;
  object(entries: readonly (readonly [key: string, type: string, required: boolean])[]): string;
}

function renderType(schema: JsonSchema, syntax: TypeSyntax, depth = 0): string {
  if (depth > 6) return syntax.any;
  const nested = (part: unknown): string => renderType((typeof part === "object" ? (part ?? {}) : {}) as JsonSchema, syntax, depth + 1);
  if (Array.isArray(schema.enum)) return syntax.literal(schema.enum);
  if ("const" in schema) return syntax.literal([schema.const]);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return [...new Set(choices.map(nested))].join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => nested({ ...schema, type })).join(" | ");
  if (schema.type === "array" && schema.items) return syntax.list(nested(schema.items));
  if (schema.type === "object" && schema.properties) {
    const required = new Set((schema.required as readonly string[] | undefined) ?? []);
    return syntax.object(Object.entries(schema.properties).map(([key, part]) => [key, nested(part), required.has(key)]));
  }
  return typeof schema.type === "string" ? syntax.name(schema.type) : syntax.any;
}

function pythonLiteral(value: unknown): string {
  if (value === undefined || value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

function oneLine(text: unknown): string {
  return String(text).replaceAll(/\s+/g, " ").replaceAll('"""', "'''").trim();
}
