import type { ToolSignature } from "../executor.ts";
import { isObject, type JsonSchema, resolveRef } from "../schema.ts";

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
  const all = parameters(signature);
  const list = all.map(({ name, schema, required }) => {
    const type = pythonType(schema, signature.inputSchema);
    return `${name}: ${type}${required ? "" : ` = ${pythonLiteral(schema.default)}`}`;
  });
  // As Python has it, what must be given after what may be given has to be named.
  const firstOptional = all.findIndex(({ required }) => !required);
  const named = all.findIndex(({ required }, index) => required && firstOptional >= 0 && index > firstOptional);
  if (named >= 0) list.splice(named, 0, "*");
  return `${signature.name}(${list.join(", ")})${signature.outputSchema ? ` -> ${pythonType(signature.outputSchema)}` : ""}`;
}

function pythonSignature(signature: ToolSignature): string {
  const all = parameters(signature);
  const described = all.flatMap(({ name, schema }) => {
    const shape = pythonShape(schema, signature.inputSchema);
    const said = [oneLine(schema.description), shape.includes("{") ? shape : ""].filter(Boolean).join(" ");
    return said === "" ? [] : [`        ${name}: ${said}`];
  });
  const returns = signature.outputSchema && pythonShape(signature.outputSchema);
  const documentation = [
    `    ${signature.description.trim().replaceAll("\n", "\n    ")}`,
    ...(described.length > 0 ? ["", "    Args:", ...described] : []),
    ...(returns?.includes("{") ? ["", `    Returns: ${returns}`] : []),
  ].join("\n");
  return `def ${pythonHead(signature)}:\n    ${docstring(documentation.trimStart())}`;
}

/** Nothing in the text ends the docstring; with backslashes it is a raw one, so that they mean themselves. */
function docstring(text: string): string {
  const quoted = text.replaceAll('"""', "'''").replaceAll("\0", "");
  return `${quoted.includes("\\") ? "r" : ""}"""${quoted}${/["\\]$/.test(quoted) ? "\n    " : ""}"""`;
}

function typescriptHead(signature: ToolSignature): string {
  const all = parameters(signature);
  const lastRequired = all.findLastIndex(({ required }) => required);
  const list = all.map(({ name, schema, required }, index) => {
    const type = typescriptType(schema, signature.inputSchema);
    const known = reserved.test(name) ? `${name}_` : name;
    return required ? `${known}: ${type}` : index > lastRequired ? `${known}?: ${type}` : `${known}: ${type} | undefined`;
  });
  const result = signature.outputSchema ? typescriptType(signature.outputSchema) : "unknown";
  return `${signature.name}(${list.join(", ")}): Promise<${result}>`;
}

/** What TypeScript refuses as a parameter's name, besides Python's keywords. They are passed by position. */
const reserved =
  /^(?:arguments|case|catch|const|debugger|default|delete|do|enum|eval|export|extends|false|function|implements|instanceof|interface|let|new|null|package|private|protected|public|static|super|switch|this|throw|true|typeof|var|void)$/;

function typescriptSignature(signature: ToolSignature): string {
  const all = parameters(signature);
  const described = all
    .filter(({ schema }) => oneLine(schema.description) !== "")
    .map(({ name, schema }) => `@param ${name} ${oneLine(schema.description)}`);
  const lines = [...signature.description.trim().replaceAll("\0", "").split("\n"), ...described].map((line) => ` * ${line.replaceAll("*/", "* /")}`);
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

function pythonType(schema: JsonSchema, root = schema): string {
  return renderType(schema, root, {
    literal: (values) => `Literal[${values.map(pythonLiteral).join(", ")}]`,
    list: (item) => `list[${item}]`,
    name: (type) => pythonNames[type] ?? "Any",
    any: "Any",
    parts: { left: maxParts },
    object: () => "dict",
  });
}

/** The keys of an object too, which a Python type can't say. */
function pythonShape(schema: JsonSchema, root = schema): string {
  return renderType(schema, root, {
    literal: (values) => `Literal[${values.map(pythonLiteral).join(", ")}]`,
    list: (item) => `list[${item}]`,
    name: (type) => pythonNames[type] ?? "Any",
    any: "Any",
    parts: { left: maxParts },
    object: (entries, rest) =>
      entries.length === 0 && rest !== undefined
        ? `dict[str, ${rest}]`
        : `{${entries.map(({ key, type, description }) => `${JSON.stringify(key)}: ${type}${description === "" ? "" : ` (${description})`}`).join(", ")}}`,
  });
}

const typescriptNames: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
  array: "unknown[]",
  object: "object",
};

function typescriptType(schema: JsonSchema, root = schema): string {
  return renderType(schema, root, {
    literal: (values) => values.map((value) => JSON.stringify(value)).join(" | "),
    list: (item) => `Array<${item}>`,
    name: (type) => typescriptNames[type] ?? "unknown",
    any: "unknown",
    parts: { left: maxParts },
    object: (entries, rest) =>
      entries.length === 0 && rest !== undefined
        ? `Record<string, ${rest}>`
        : `{ ${entries.map(({ key, type, required }) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}${required ? "" : "?"}: ${type}`).join("; ")} }`,
  });
}

interface Entry {
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

interface TypeSyntax {
  literal(values: readonly unknown[]): string;
  list(item: string): string;
  name(type: string): string;
  readonly any: string;
  /** How many more schemas are looked at: references can lead to more than anybody reads. */
  readonly parts: { left: number };
  /** `rest` is the type of further values. */
  object(entries: readonly Entry[], rest: string | undefined): string;
}

const maxDepth = 6;
const maxParts = 10_000;

/** `refs` are those that are being followed: a type that holds itself ends there. */
function renderType(schema: JsonSchema, root: JsonSchema, syntax: TypeSyntax, depth = 0, refs: readonly string[] = []): string {
  const nested = (part: unknown, more = refs): string => renderType(isObject(part) ? part : {}, root, syntax, depth + 1, more);
  if (depth > maxDepth || --syntax.parts.left < 0) return syntax.any;
  const { $ref, type, properties, additionalProperties: rest } = schema;
  if (typeof $ref === "string") return refs.includes($ref) ? syntax.any : nested(resolveRef($ref, root), [...refs, $ref]);
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return syntax.literal(schema.enum);
  if ("const" in schema) return syntax.literal([schema.const]);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices) && choices.length > 0) return [...new Set(choices.map((choice) => nested(choice)))].join(" | ");
  if (Array.isArray(type) && type.length > 0) return type.map((each) => nested({ ...schema, type: each })).join(" | ");
  if (type === "array" && schema.items) return syntax.list(nested(schema.items));
  if (type === "object" && (isObject(properties) || isObject(rest))) {
    const required = new Set((schema.required as readonly string[] | undefined) ?? []);
    const entries = Object.entries(properties ?? {}).map(([key, part]): Entry => {
      const description = isObject(part) ? oneLine(part.description) : "";
      return { key, type: nested(part), required: required.has(key), description };
    });
    return syntax.object(entries, isObject(rest) ? nested(rest) : undefined);
  }
  return typeof type === "string" ? syntax.name(type) : syntax.any;
}

/** A JSON value as Python writes it. */
export function pythonLiteral(value: unknown): string {
  if (value === undefined || value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`)
    .join(", ")}}`;
}

function oneLine(text: unknown): string {
  return typeof text === "string" ? text.replaceAll(/[\s\0]+/g, " ").trim() : "";
}
