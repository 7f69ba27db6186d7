import { CodeletError, ExecutorCrashedError, type Json } from "@codelet/core";

/** What is known of a machine that is gone. */
export interface MachineGoneOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, Json>> | undefined;
}

/**
 * What `Carrier.reconnect` rejects with where the provider says that the machine will not come back: no further attempt is made then. The message is told
 * to the user; `details.machine` is `"gone"`.
 */
export function machineGone(message: string, { cause, details }: MachineGoneOptions = {}): ExecutorCrashedError {
  return new ExecutorCrashedError(message, { cause, details: { ...details, machine: "gone" } });
}

export function isMachineGone(error: unknown): boolean {
  return CodeletError.isInstance(error, "executor-crashed") && error.details.machine === "gone";
}
