import type { DatabaseSync } from "node:sqlite";
import { type ApprovalDecision, type Journal, type JournalFactory, memoryJournal, type Outcome, Suspension } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";

/**
 * Records runs in two tables of a database. A run that is started again with its `runId` gets back what is recorded and goes on behind it. The process that
 * starts it last has it: one that was only slow, and not dead, is left at its next entry.
 */
export function sqliteJournal(database: DatabaseSync): JournalFactory {
  createTables(database);
  const begin = database.prepare("insert into runs values (?, 1) on conflict do update set attempt = attempt + 1 returning attempt");
  const find = database.prepare("select value from entries where run_id = ? and key = ?");
  const record = database.prepare("insert into entries select run_id, ?, ? from runs where run_id = ? and attempt = ?");

  return (run) => {
    const attempt = Number(begin.get(run.runId)?.attempt);
    const recall = (path: string): unknown => {
      const row = find.get(run.runId, path);
      return row === undefined ? undefined : decodeValue(JSON.parse(String(row.value)));
    };
    /** What is recorded under the path, else what is made now. */
    const once = async <T>(path: string, make: () => T | Promise<T>): Promise<T> => {
      const recorded = recall(path);
      if (recorded !== undefined) return recorded as T;
      const made = await make();
      const { changes } = record.run(path, JSON.stringify(encodeValue(made)), run.runId, attempt);
      if (changes === 0) throw new Error(`Another process has taken over run ${run.runId}.`);
      return made;
    };
    /** `memory` does the work; what may not happen twice, or must come out the same, is recorded. */
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
      async waitFor(key) {
        const decision = recall(path + key);
        if (decision === undefined) throw new Suspension(`Run ${run.runId} waits for ${path}${key}.`);
        return decision as never;
      },
    });
    return journal("", memoryJournal()(run));
  };
}

/** Answers the approval of that id, which an event of the run has told. The first answer counts. */
export function decide(database: DatabaseSync, runId: string, id: string, decision: ApprovalDecision): void {
  createTables(database);
  database.prepare("insert or ignore into entries values (?, ?, ?)").run(runId, `${id}/approval`, JSON.stringify(encodeValue(decision)));
}

/** A failure without what was thrown: an error is no data. */
function asData<T>(outcome: Outcome<T>): Outcome<T> {
  return "error" in outcome ? { error: { ...outcome.error, cause: undefined } } : outcome;
}

function createTables(database: DatabaseSync): void {
  database.exec("pragma busy_timeout = 5000"); // milliseconds for which it waits where another process is writing
  database.exec(`
    create table if not exists runs (run_id text primary key, attempt integer not null);
    create table if not exists entries (run_id text, key text, value text not null, primary key (run_id, key));
  `);
}
