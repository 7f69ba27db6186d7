import type { ExecuteOptions, Execution, ExecutorSession, OpenSessionOptions, Value } from "@codelet/core";
import { driveStep } from "@codelet/executor-contract";
import type { WasmExecutorOptions } from "../options.ts";
import { wasmExecutor } from "../wasm-executor.ts";
import { testCacheDir } from "./test-cache.ts";

/** A session of a new executor, from the image that all tests share. */
export function openWasm(options: WasmExecutorOptions = {}, open: OpenSessionOptions = {}): Promise<ExecutorSession> {
  return wasmExecutor({ cacheDir: testCacheDir, ...options }).open(open);
}

export async function run(session: ExecutorSession, code: string, options: ExecuteOptions = {}): Promise<Execution> {
  return (await driveStep(session, code, options)).execution;
}

/** The value of a step that has to succeed. */
export async function evaluate(session: ExecutorSession, code: string): Promise<Value> {
  const { value, error } = await run(session, code);
  if (error !== undefined) throw new Error(`${error.name}: ${error.message}\n${error.traceback}`);
  return value;
}
