import { AbortedError } from "@codelet/core";
import { exitCodes } from "./exit-code.ts";

/** Signals that ask for an end. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
}

/** Until it is disposed of, the first signal calls `onFirst` and aborts; a second one ends the process at once. */
export function watchSignals(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const interrupt = (name: string): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    onFirst();
    controller.abort(new AbortedError(name));
  };
  for (const name of signals) process.on(name, interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      if (controller.signal.aborted) return; // the process is ending: a signal until then finds the same answer
      for (const name of signals) process.off(name, interrupt);
    },
  };
}
