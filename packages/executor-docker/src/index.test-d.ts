import type { ExecutorChoice } from "@codelet/core";
import { expectTypeOf, it } from "vitest";
import type { createExecutor, DockerExecutorOptions } from "./index.ts";

it("types executorOptions by executorType", () => {
  expectTypeOf<{ executorType: "docker"; executorOptions: { image: string } }>().toExtend<ExecutorChoice>();
  expectTypeOf<{ executorType: "docker"; executorOptions: { pullPolicy: "sometimes" } }>().not.toExtend<ExecutorChoice>();
  expectTypeOf<typeof createExecutor>().toBeCallableWith({
    packages: ["pandas"],
    mounts: [{ source: "/data", target: "/data" }],
  } satisfies DockerExecutorOptions);
});
