import { CodeletError, ExecutorCrashedError } from "@codelet/core";

/** `details` of an error of `open({ restore })` that will be the same at each attempt. */
export const gone = { sandbox: "gone" } as const;

/**
 * What `find` and `attach` of a provider, and `Carrier.reconnect`, reject with where a machine will not come back: no further attempt is made then. The message
 * is told to the user; `details.sandbox` is `"gone"`, by which a run knows that it can't go on there.
 */
export function machineGone(message: string): ExecutorCrashedError {
  return new ExecutorCrashedError(message, { details: gone });
}

export function isMachineGone(error: unknown): boolean {
  return CodeletError.isInstance(error, "executor-crashed") && error.details.sandbox === "gone";
}
