import { type FakeHandler, fakeExecutor } from "@codelet/testing";
import type { Execution } from "../executor.ts";
import { jsonSchema } from "../json-schema.ts";
import { runCode } from "../run-code.ts";
import type { StandardSchema } from "../schema.ts";
import { type AnyTool, tool } from "../tool.ts";

export const run = (handler: FakeHandler, tools: readonly AnyTool[]): Promise<Execution> => runCode(fakeExecutor(handler), "", { tools });
export const never = undefined as never;
export const anything: StandardSchema<unknown, Record<string, unknown>> = jsonSchema<Record<string, unknown>>({
  type: "object",
  properties: { x: {} },
});
export const returning = (result: unknown): AnyTool => tool({ name: "get", description: "Gets.", input: anything, execute: () => result });
export const throwing = (thrown: unknown): AnyTool =>
  tool({
    name: "get",
    description: "Gets.",
    input: anything,
    execute: () => {
      throw thrown;
    },
  });
