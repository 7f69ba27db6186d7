import type { ExecuteOptions, Execution, ExecutorSession, OpenSessionOptions, Value } from "@codelet/core";
import { driveStep } from "@codelet/executor-contract";
import { localExecutor } from "../local-executor.ts";
import type { LocalExecutorOptions } from "../options.ts";

/** A session of a new executor. */
export function openLocal(options: LocalExecutorOptions = {}, open: OpenSessionOptions = {}): Promise<ExecutorSession> {
  return localExecutor(options).open(open);
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

/** The value of one step in a session of its own. */
export async function evaluateOnce(code: string, options: LocalExecutorOptions = {}, open: OpenSessionOptions = {}): Promise<Value> {
  const session = await openLocal(options, open);
  try {
    return await evaluate(session, code);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}
