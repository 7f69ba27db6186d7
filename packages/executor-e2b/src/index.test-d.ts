import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { createExecutor, E2bExecutorOptions } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "e2b"; executorOptions: { template: string } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "e2b"; executorOptions: { whenDetached: "kill" } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({ packages: ["pandas"], envs: { REPORT: "weekly" } } satisfies E2bExecutorOptions);
});
