import { CodeletError, ConfigurationError, ExecutorCrashedError, type ProtocolError } from "@codelet/core";
import { isMachineGone } from "./machine-gone.ts";

/** What a connection to a supervisor ends with. */
export type LinkFailure = ConfigurationError | ExecutorCrashedError | ProtocolError;

/** A refusal of the provider ends the session as what it is. */
export function connectionLost(reason: string, cause: unknown): ConfigurationError | ExecutorCrashedError {
  const message = `The connection to the supervisor is lost: ${reason.replace(/\.$/, "")}.`;
  return isRefusal(cause) ? new ConfigurationError(message) : new ExecutorCrashedError(message);
}

/** Whether another attempt to connect would fail like this one. */
export function isFinal(error: unknown): boolean {
  return isMachineGone(error) || isRefusal(error);
}

function isRefusal(error: unknown): boolean {
  return CodeletError.isInstance(error, "configuration");
}
