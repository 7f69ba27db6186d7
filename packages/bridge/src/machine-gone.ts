import { CodeletError, ExecutorCrashedError } from "@codelet/core";

/**
 * What `find` and `attach` of a provider, and `Carrier.reconnect`, reject with where a machine will not come back: no further attempt is made then. The message
 * is told to the user; `details.machine` is `"gone"`.
 */
export function machineGone(message: string): ExecutorCrashedError {
  return new ExecutorCrashedError(message, { details: { machine: "gone" } });
}

export function isMachineGone(error: unknown): boolean {
  return CodeletError.isInstance(error, "executor-crashed") && error.details.machine === "gone";
}
