import { readLooseJson } from "./loose-json.ts";
import type { ModelTool, ToolCallPart } from "./model.ts";
import { isObject } from "./schema.ts";
import type { Json } from "./value.ts";

/** A call without an id, by the tool's own name: models add a name space, brackets, a number or marks of their template to it. */
export function callOf(name: string, input: Json, tools: readonly Pick<ModelTool, "name">[]): ToolCallPart {
  return { type: "tool-call", id: "", name: toolName(name, tools), input };
}

/** The tool that is meant; the name as it came where it is none's. */
export function toolName(name: string, tools: readonly Pick<ModelTool, "name">[]): string {
  const isTool = (each: string): boolean => tools.some((tool) => tool.name === each);
  if (isTool(name)) return name;
  const [bare = ""] = /^[\w.-]+/.exec(name.trim()) ?? [];
  const last = bare.slice(bare.lastIndexOf(".") + 1);
  if (isTool(last)) return last;
  const alike = tools.filter((tool) => tool.name.toLowerCase() === last.toLowerCase());
  return alike.length === 1 && alike[0] !== undefined ? alike[0].name : name.replace(/^functions\./, "");
}

const maxEncodings = 3;

/** Arguments that came as text as the object they stand for, also where they were encoded several times; else as they came. */
export function looseInput(input: Json): Json {
  let value: Json | undefined = input;
  for (let count = 0; typeof value === "string" && count < maxEncodings; count++) value = wholeJson(value);
  return isObject(value) ? value : input;
}

/** The value of a text that holds nothing else. */
export function wholeJson(text: string): Json | undefined {
  const trimmed = text.trim();
  const { value, end, isWhole } = readLooseJson(trimmed, 0);
  return isWhole && end === trimmed.length ? value : undefined;
}

/** The schemas of what a tool takes, by their names. */
export function parametersOf(tool: ModelTool | undefined): Readonly<Record<string, unknown>> {
  const properties = tool?.inputSchema.properties;
  return isObject(properties) ? properties : {};
}
