import type { E2bExecutorOptions } from "./options.ts";

export { e2bExecutor, e2bExecutor as createExecutor } from "./e2b-executor.ts";
export type { E2bExecutorOptions } from "./options.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    e2b: E2bExecutorOptions;
  }
}
