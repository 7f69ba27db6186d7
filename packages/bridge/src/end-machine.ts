import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorCrashedError } from "@codelet/core";
import { inTime } from "./in-time.ts";

const attempts = 3;
const delayMs = 300;
const attemptTimeoutMs = 20_000;

/**
 * Ends a machine by a provider's request, which may fail or stay without an answer twice; a failure that `isGone` says is the answer for one that has ended
 * already. Never rejects: what can't be ended now ends when its time there is over.
 */
export async function endMachine(end: () => Promise<unknown>, isGone: (error: unknown) => boolean = () => false): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      await inTime(end(), attemptTimeoutMs, () => new ExecutorCrashedError(`The provider did not answer in ${attemptTimeoutMs} ms.`));
      return;
    } catch (error) {
      if (isGone(error)) return;
      if (attempt < attempts) await sleep(delayMs);
    }
  }
}
