import { memoryJournal } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import { type Parts, sound } from "./map-journal.ts";

/** A journal that does something wrong, and how the names of the cases begin that find it. */
export interface Fault {
  readonly does: string;
  readonly fails: readonly string[];
  readonly parts: Partial<Parts>;
}

const memory = () => memoryJournal()({ runId: "", operations: {} as never, emit: () => {} });

export const faults: readonly Fault[] = [
  {
    does: "gives a key without the run",
    fails: ["an operation is performed"],
    parts: { journal: (journal) => ({ ...journal, call: (_key, ...rest) => journal.call("1/other", ...rest) }) },
  },
  {
    does: "keeps plain JSON",
    fails: ["what an operation gave"],
    parts: { write: (value) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? Number(item) : item)), read: JSON.parse },
  },
  { does: "sorts names", fails: ["what an operation gave"], parts: { write: (value) => JSON.stringify(sorted(encodeValue(value as never))) } },
  { does: "writes behind", fails: ["what an operation gave", "operations side by side get", "a time is"], parts: { behindMs: 200 } },
  { does: "forgets what failed", fails: ["a failure is"], parts: { write: (value) => sound.write(isFailure(value) ? null : value) } },
  {
    does: "throws what failed",
    fails: ["a failure is"],
    parts: {
      journal: (journal) => ({
        ...journal,
        call: async (...args) => {
          const outcome = await journal.call(...args);
          if ("error" in outcome) throw new Error(outcome.error.message);
          return outcome as never;
        },
      }),
    },
  },
  {
    does: "counts instead of naming",
    fails: ["an operation that was under way", "operations side by side get", "a team whose"],
    parts: { entryKey: (runId, _path, _key, count) => `${runId}/${count}` },
  },
  { does: "does one thing after the other", fails: ["no operation waits"], parts: { isQueued: true } },
  {
    does: "waits for a candidate that succeeds",
    fails: ["the candidate that settles first"],
    parts: {
      journal: (journal) => ({ ...journal, pick: (_key, candidates) => Promise.any(candidates.map((each, index) => each.then(() => index))) }),
    },
  },
  { does: "picks anew", fails: ["the same candidate is"], parts: { journal: (journal) => ({ ...journal, pick: memory().pick }) } },
  { does: "looks at the clock anew", fails: ["a time is"], parts: { journal: (journal) => ({ ...journal, now: memory().now }) } },
  {
    does: "waits for nobody's signal",
    fails: ["a wait lasts"],
    parts: { journal: (journal) => ({ ...journal, sleep: (key, milliseconds) => journal.sleep(key, Math.min(milliseconds, 3_000)) }) },
  },
  { does: "doesn't wait", fails: ["a wait lasts"], parts: { journal: (journal) => ({ ...journal, sleep: async () => {} }) } },
  { does: "waits anew", fails: ["a wait that had begun"], parts: { journal: (journal) => ({ ...journal, sleep: memory().sleep }) } },
  {
    does: "knows no agents",
    fails: ["a managed agent has", "a decision that", "a team whose"],
    parts: { entryKey: (runId, _path, key) => `${runId}/${key}` },
  },
  { does: "knows no runs", fails: ["another run has"], parts: { entryKey: (_runId, path, key) => `run/${path}${key}` } },
  {
    does: "approves of everything",
    fails: ["a decision that", "while nobody decides"],
    parts: { journal: (journal) => ({ ...journal, waitFor: async () => true as never }) },
  },
  {
    does: "fails where it should wait",
    fails: ["while nobody decides"],
    parts: { journal: (journal) => ({ ...journal, waitFor: () => Promise.reject(new Error("no")) }) },
  },
  { does: "lets two processes write", fails: ["of two processes"], parts: { isFenced: false } },
];

const isFailure = (value: unknown): boolean => typeof value === "object" && value !== null && "error" in value;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}
