import type { WasmExecutorOptions } from "./options.ts";

export type { WasmExecutorOptions } from "./options.ts";
export { wasmExecutor, wasmExecutor as createExecutor } from "./wasm-executor.ts";

declare module "@codelet/core" {
  interface ExecutorTypes {
    wasm: WasmExecutorOptions;
  }
}
