import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { createExecutor, LocalExecutorOptions } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "local"; executorOptions: { memoryLimitBytes: number } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "local"; executorOptions: { sandbox: "sandbox-runtime" } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "local"; executorOptions: { sandbox: "off" } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({ sandbox: "none", env: { REPORT: "weekly" } } satisfies LocalExecutorOptions);
});
