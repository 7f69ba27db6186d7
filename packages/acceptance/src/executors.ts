import type { Executor } from "@codelet/core";
import { localExecutor } from "@codelet/executor-local";
import { wasmExecutor } from "@codelet/executor-wasm";

/** One of each for all tests of a file: an executor is shared, its sessions are not. */
export const wasm: Executor = wasmExecutor();

/** In its sandbox where this machine lets it have one. */
export const local: Executor = await enclosedOrNot();

async function enclosedOrNot(): Promise<Executor> {
  const enclosed = localExecutor();
  try {
    await (await enclosed.open({}))[Symbol.asyncDispose]();
    return enclosed;
  } catch {
    return localExecutor({ sandbox: "none" });
  }
}
