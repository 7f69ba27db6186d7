import type { JournalFactory, Json } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import { type Decision, keyedJournal, type Once } from "./keyed-journal.ts";

/** Does the work as the engine's next step, or gives what that step is known to have given. */
export type NextStep = (work: () => Promise<string>) => Promise<string>;

export interface EntryLog {
  readonly once: Once;
  /** Ends whatever waits for an entry with the error: for an engine that leaves a run without a word. */
  leave(error: unknown): void;
}

/** For runs in one workflow of an engine that knows a step by its position: see the README. */
export function entryLogJournal(log: EntryLog, decision: Decision): JournalFactory {
  return (run) => keyedJournal(run, (key, make) => log.once(`${run.runId}/${key}`, make), decision);
}

/**
 * Entries by key, in the steps of an engine that knows them by position: each step gives whatever has been made next, and one is open at a time. So it makes no
 * difference in which order calls side by side begin.
 */
export function entryLog(nextStep: NextStep): EntryLog {
  const entries = new Map<string, Json>();
  const made: (readonly [key: string, value: Json])[] = [];
  const waiting = new Map<string, () => void>();
  let isAtEnd = false;
  let isReading = false;
  let isLeft = false;
  const left = Promise.withResolvers<never>();
  left.promise.catch(() => {}); // perhaps nobody waits
  let onMade = (): void => {};

  const wakeAll = (): void => {
    for (const wake of waiting.values()) wake();
    waiting.clear();
  };
  const leave = (error: unknown): void => {
    isLeft = true;
    left.reject(error);
    wakeAll();
  };
  /** The work of a step that the engine doesn't know: nothing further is recorded, so whoever waits for an entry makes it. */
  const nextMade = async (): Promise<string> => {
    if (!isAtEnd) {
      isAtEnd = true;
      wakeAll();
    }
    while (made.length === 0) await new Promise<void>((resolve) => (onMade = resolve));
    return JSON.stringify(made[0]); // which stays there until it is recorded: engines try again
  };
  const read = async (): Promise<void> => {
    isReading = true;
    try {
      while (waiting.size > 0) {
        const [key, value] = JSON.parse(await nextStep(nextMade)) as [string, Json];
        if (made[0]?.[0] === key) made.shift();
        entries.set(key, value);
        waiting.get(key)?.();
        waiting.delete(key);
      }
    } catch (error) {
      leave(error);
    } finally {
      isReading = false;
    }
  };
  const wait = (key: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(key, resolve);
      if (!isReading) void read();
    });
  return {
    leave,
    async once<T>(key: string, make: () => T | Promise<T>): Promise<T> {
      while (!isAtEnd && !isLeft && !entries.has(key)) await wait(key);
      if (isLeft) return left.promise;
      if (!entries.has(key)) {
        const value = encodeValue(await Promise.race([make(), left.promise])); // what is under way may never settle then
        const recorded = wait(key);
        made.push([key, value]);
        onMade();
        await recorded;
      }
      if (isLeft) return left.promise;
      return decodeValue(entries.get(key) as Json) as T;
    },
  };
}
