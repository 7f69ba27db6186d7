import type { BlaxelExecutorOptions } from "./options.ts";

export { blaxelExecutor, blaxelExecutor as createExecutor } from "./blaxel-executor.ts";
export type { BlaxelExecutorOptions } from "./options.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    blaxel: BlaxelExecutorOptions;
  }
}
