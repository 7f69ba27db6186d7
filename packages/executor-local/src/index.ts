import type { LocalExecutorOptions } from "./options.ts";

export { localExecutor, localExecutor as createExecutor } from "./local-executor.ts";
export type { LocalExecutorOptions } from "./options.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    local: LocalExecutorOptions;
  }
}
