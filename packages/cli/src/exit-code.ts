import type { RunResult } from "@codelet/core";

/** How the program ends, for scripts that call it. */
export const exitCodes = { success: 0, failed: 1, usage: 2, limit: 3, suspended: 4, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(state: RunResult["state"]): ExitCode {
  switch (state) {
    case "success":
      return exitCodes.success;
    case "limit":
      return exitCodes.limit;
    case "suspended":
      return exitCodes.suspended;
    case "aborted":
      return exitCodes.interrupted;
  }
}
