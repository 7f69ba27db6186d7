import type { ModelRequest, ModelTool } from "@codelet/core";

const tools: readonly ModelTool[] = [
  {
    name: "look_up",
    description: "Looks something up.",
    inputSchema: { type: "object", properties: { key: { type: "string", description: "What for." }, count: { type: "integer" } }, required: ["key"] },
  },
  { name: "store", description: "Stores it.", inputSchema: { type: "object", properties: { n: { type: "number" } } } },
];

/** A request of a model that may call. */
export const withTools: ModelRequest = { messages: [{ role: "user", content: "Look it up." }], tools };
