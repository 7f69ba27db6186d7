import type { ModalExecutorOptions } from "./options.ts";

export { modalExecutor, modalExecutor as createExecutor } from "./modal-executor.ts";
export type { ModalExecutorOptions } from "./options.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    modal: ModalExecutorOptions;
  }
}
