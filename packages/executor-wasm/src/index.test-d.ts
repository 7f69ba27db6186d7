import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { createExecutor, WasmExecutorOptions } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "wasm"; executorOptions: { memoryLimitBytes: number } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "wasm"; executorOptions: { packages: string } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({ packages: ["attrs"], packagesFrom: "/wheels" } satisfies WasmExecutorOptions);
});
