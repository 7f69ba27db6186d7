import { setTimeout as sleep } from "node:timers/promises";

const attempts = 3;
const delayMs = 300;

/** Ends a machine by a provider's request, which may fail twice. Never rejects: what can't be ended now ends when its time there is over. */
export async function endMachine(end: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      await end();
      return;
    } catch {
      if (attempt < attempts) await sleep(delayMs);
    }
  }
}
