import { type ApprovalDecision, type Journal, type JournalFactory, memoryJournal, type Outcome } from "@codelet/core";

type Run = Parameters<JournalFactory>[0];

/** What is recorded under the key, else what is made now, which is recorded before it is given. */
export type Once = <T>(key: string, make: () => T | Promise<T>) => Promise<T>;

/** The decision under the key, if nothing is recorded; rejects as {@link Journal.waitFor} does. */
export type Decision = (key: string, signal?: AbortSignal) => Promise<ApprovalDecision>;

/** The journal of a run in a store that records each thing once. `memory` does the work; what may not happen twice, or must come out the same, is recorded. */
export function keyedJournal(run: Run, once: Once, decision: Decision): Journal {
  const journal = (path: string, memory: Journal): Journal => ({
    ...memory,
    call: (key, operation, args) => once(path + key, async () => asData(await memory.call(key, operation, args))) as never,
    pick: async (key, candidates) => Number(await once(path + key, () => memory.pick(key, candidates))),
    child: (key) => journal(`${path}${key}/`, memory.child(key)),
    now: async (key) => Number(await once(path + key, () => memory.now(key))),
    async sleep(key, milliseconds, signal) {
      const untilMs = Number(await once(path + key, () => Date.now() + milliseconds));
      await memory.sleep(key, Math.max(0, untilMs - Date.now()), signal);
    },
    waitFor: (key, signal) => once(path + key, () => decision(path + key, signal)) as never,
  });
  return journal("", memoryJournal()(run));
}

/** A failure without what was thrown: an error is no data. */
function asData<T>(outcome: Outcome<T>): Outcome<T> {
  return "error" in outcome ? { error: { ...outcome.error, cause: undefined } } : outcome;
}
