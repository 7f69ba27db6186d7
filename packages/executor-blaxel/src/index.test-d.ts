import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { BlaxelExecutorOptions, createExecutor } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "blaxel"; executorOptions: { region: string } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "blaxel"; executorOptions: { memoryMib: string } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({ packages: ["pandas"], env: { REPORT: "weekly" } } satisfies BlaxelExecutorOptions);
});
