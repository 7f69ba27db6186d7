import { parseToolCalls } from "../parse-tool-calls.ts";

const tools = [
  { name: "search", description: "", inputSchema: { type: "object", properties: { query: { type: "string" }, count: { type: "integer" } } } },
  { name: "get_time", description: "", inputSchema: { type: "object", properties: {} } },
  { name: "final_answer", description: "", inputSchema: { type: "object", properties: { answer: {} } } },
];
/** The calls of a text, for tools that search, tell the time and answer. */
export const callsIn = (text: string): (readonly [name: string, input: unknown])[] =>
  parseToolCalls(text, tools).calls.map(({ name, input }) => [name, input] as const);
