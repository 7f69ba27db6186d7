import type { ToolSignature, Value } from "@codelet/core";

/** A tool signature without more than the test needs. */
export function signature(name: string, properties: Readonly<Record<string, unknown>> = {}): ToolSignature {
  return { name, description: `The tool ${name}.`, inputSchema: { type: "object", properties, required: Object.keys(properties) } };
}

export const addition: { readonly signature: ToolSignature; readonly tools: { readonly add: (a: Value, b: Value) => Value } } = {
  signature: signature("add", { a: { type: "number" }, b: { type: "number" } }),
  tools: { add: (a, b) => Number(a) + Number(b) },
};
