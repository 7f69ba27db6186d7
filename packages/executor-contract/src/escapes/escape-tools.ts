import { type AnyTool, parametersOf, plainValue, type SandboxCall, type ToolSignature, tool, toolSignature } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import type { HostFunction } from "../drive-step.ts";
import { hostInfoCanary } from "./canaries.ts";

const tools: readonly AnyTool[] = [
  tool({
    name: "echo",
    description: "Returns its argument.",
    input: jsonSchema<{ value: unknown }>({ type: "object", properties: { value: {} }, required: ["value"], additionalProperties: false }),
    execute: ({ value }) => value,
  }),
  tool({
    name: "add",
    description: "Adds two numbers.",
    input: jsonSchema<{ a: number; b: number }>({
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
      additionalProperties: false,
    }),
    execute: ({ a, b }) => a + b,
  }),
  tool({
    name: "boom",
    description: "Fails, with a cause that is nobody's business.",
    input: jsonSchema<object>({ type: "object", properties: {}, additionalProperties: false }),
    execute: () => {
      throw new Error("boom failed", { cause: new Error(hostInfoCanary) });
    },
  }),
  tool({
    name: "guarded",
    description: "Needs approval.",
    input: jsonSchema<{ value: unknown }>({ type: "object", properties: { value: {} }, required: ["value"], additionalProperties: false }),
    needsApproval: true,
    execute: ({ value }) => value,
  }),
];

/** What the attacks may call; `final_answer` is the sandbox's own. */
export const escapeToolSignatures: readonly ToolSignature[] = tools.map(toolSignature);

/** The tools as the kernel would perform them: names from positions, schema first, no approval for the guarded one. */
export const escapeFunctions: Readonly<Record<string, HostFunction>> = Object.fromEntries(
  tools.map((one) => [
    one.name,
    async (args: SandboxCall["args"], kwargs: SandboxCall["kwargs"]) => {
      const names = parametersOf(one.input.json);
      if (args.length > names.length) throw new TypeError(`${one.name} takes ${names.length} arguments, got ${args.length}`);
      const input: Record<string, unknown> = Object.create(null);
      for (const [index, value] of args.entries()) input[names[index] ?? ""] = value;
      for (const [name, value] of Object.entries(kwargs)) input[name] = value;
      const checked = await one.input.check(plainValue(input as never));
      if ("problems" in checked) throw new TypeError(`${one.name}: ${checked.problems.join("; ")}`);
      if (one.needsApproval) throw new Error(`${one.name} was not approved`);
      return one.execute(checked.value as never, undefined as never);
    },
  ]),
);
