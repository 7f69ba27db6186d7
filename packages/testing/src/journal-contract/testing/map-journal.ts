import { type ApprovalDecision, type Journal, type JournalFactory, memoryJournal, Suspension } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import type { JournalContractOptions } from "../journal-contract.ts";

/** How a journal does its part; each may be spoiled. */
export interface Parts {
  /** How entries are kept and found. */
  readonly entryKey: (runId: string, path: string, key: string, count: number) => string;
  readonly write: (value: unknown) => string;
  readonly read: (text: string) => unknown;
  /** Milliseconds between what is made and its entry, which is given at once. */
  readonly behindMs: number;
  readonly journal: (journal: Journal, path: string) => Journal;
  readonly isFenced: boolean;
  readonly isQueued: boolean;
}

export const sound: Parts = {
  entryKey: (runId, path, key) => `${runId}/${path}${key}`,
  write: (value) => JSON.stringify(encodeValue(value as never)),
  read: (text) => decodeValue(JSON.parse(text)),
  behindMs: 0,
  journal: (journal) => journal,
  isFenced: true,
  isQueued: false,
};

/** A journal in a map, which outlives the processes that are played. */
export function mapStore(parts: Parts): { readonly factory: JournalFactory; readonly decide: NonNullable<JournalContractOptions["decide"]> } {
  const entries = new Map<string, string>();
  const attempts = new Map<string, number>();
  let queue: Promise<unknown> = Promise.resolve();
  const factory: JournalFactory = (run) => {
    const attempt = (attempts.get(run.runId) ?? 0) + 1;
    attempts.set(run.runId, attempt);
    let count = 0;
    const at = (path: string, memory: Journal): Journal => {
      const keep = async (key: string, make: () => unknown): Promise<unknown> => {
        const name = parts.entryKey(run.runId, path, key, count++);
        const known = entries.get(name);
        if (known !== undefined) return parts.read(known);
        const before = queue;
        const making = parts.isQueued ? before.then(make, make) : Promise.resolve().then(make);
        queue = making.catch(() => {});
        const made = await making;
        if (parts.isFenced && attempts.get(run.runId) !== attempt) throw new Error("Another process has the run.");
        if (parts.behindMs > 0) setTimeout(() => entries.set(name, parts.write(made)), parts.behindMs);
        else entries.set(name, parts.write(made));
        return made;
      };
      const journal: Journal = {
        ...memory,
        call: (key, operation, args) =>
          keep(key, async () => {
            const outcome = await memory.call(key, operation, args);
            return "error" in outcome ? { error: { ...outcome.error, cause: undefined } } : outcome;
          }) as never,
        pick: (key, candidates) => keep(key, () => memory.pick(key, candidates)).then(Number),
        child: (key) => at(`${path}${key}/`, memory.child(key)),
        now: (key) => keep(key, () => memory.now(key)).then(Number),
        sleep: async (key, milliseconds, signal) => {
          const untilMs = Number(await keep(key, () => Date.now() + milliseconds));
          await memory.sleep(key, Math.max(0, untilMs - Date.now()), signal);
        },
        waitFor: (key) => keep(key, () => Promise.reject(new Suspension("Nobody has decided."))) as never,
      };
      return parts.journal(journal, path);
    };
    return at("", memoryJournal()(run));
  };
  const decide = async (runId: string, key: string, decision: ApprovalDecision): Promise<void> =>
    void entries.set(`${runId}/${key}`, JSON.stringify(encodeValue(decision)));
  return { factory, decide };
}
