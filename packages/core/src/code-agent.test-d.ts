import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { CodeAgent, type Executor, type Model, type PlainValue, tool } from "./index.ts";
import { jsonSchema } from "./json-schema.ts";

declare const model: Model;
declare const executor: Executor;

test("the answer has the type of the output schema", async () => {
  const result = await new CodeAgent({ model, executor, output: z.object({ total: z.number() }) }).run("task");
  if (result.state === "success") expectTypeOf(result.output).toEqualTypeOf<{ total: number }>();
  if (result.state === "limit") expectTypeOf(result.output).toEqualTypeOf<{ total: number } | undefined>();
});

test("without a schema the answer is a plain value", async () => {
  const result = await new CodeAgent({ model, executor }).run("task");
  if (result.state === "success") expectTypeOf(result.output).toEqualTypeOf<PlainValue>();
});

test("exactly one of executor and executorType", () => {
  new CodeAgent({ model, executorType: "wasm" });
  new CodeAgent({ model, executorType: "@acme/executor", executorOptions: { any: 1 } });
  // @ts-expect-error neither
  new CodeAgent({ model });
  // @ts-expect-error both
  new CodeAgent({ model, executor, executorType: "wasm" });
  // @ts-expect-error unknown type
  new CodeAgent({ model, executorType: "wsam" });
});

test("a tool's types flow from its schemas", () => {
  tool({
    name: "add",
    description: "Adds.",
    input: z.object({ a: z.number(), b: z.number().optional() }),
    output: jsonSchema<number>({ type: "number" }),
    execute: (input) => {
      expectTypeOf(input).toEqualTypeOf<{ a: number; b?: number | undefined }>();
      return input.a;
    },
  });
  // @ts-expect-error the result is not of the output's type
  tool({ name: "add", description: "Adds.", input: z.object({}), output: z.number(), execute: () => "one" });
});

test("a function is a model", () => {
  new CodeAgent({ model: async ({ messages }) => `${messages.length}`, executor });
});

test("events are a discriminated union", async () => {
  for await (const event of new CodeAgent({ model, executor }).start("task")) {
    if (event.type === "output-delta") expectTypeOf(event.stream).toEqualTypeOf<"stdout" | "stderr">();
    if (event.type === "run-end") expectTypeOf(event.usage.cacheRead).toEqualTypeOf<number>();
  }
});
