import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { createExecutor, ModalExecutorOptions } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "modal"; executorOptions: { cpu: number } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "modal"; executorOptions: { blockNetwork: "yes" } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({ packages: ["pandas"], env: { REPORT: "weekly" } } satisfies ModalExecutorOptions);
});
