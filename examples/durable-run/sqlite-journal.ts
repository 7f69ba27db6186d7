import type { DatabaseSync } from "node:sqlite";
import { type ApprovalDecision, type JournalFactory, Suspension } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import { keyedJournal, type Once } from "./keyed-journal.ts";

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
    const once: Once = async (key, make) => {
      const row = find.get(run.runId, key);
      if (row !== undefined) return decodeValue(JSON.parse(String(row.value))) as never;
      const made = await make();
      const { changes } = record.run(key, JSON.stringify(encodeValue(made)), run.runId, attempt);
      if (changes === 0) throw new Error(`Another process has taken over run ${run.runId}.`);
      return made;
    };
    return keyedJournal(run, once, (key) => Promise.reject(new Suspension(`Run ${run.runId} waits for ${key}.`)));
  };
}

/** Answers the approval of that id, which an event of the run has told. The first answer counts. */
export function decide(database: DatabaseSync, runId: string, id: string, decision: ApprovalDecision): void {
  createTables(database);
  database.prepare("insert or ignore into entries values (?, ?, ?)").run(runId, `${id}/approval`, JSON.stringify(encodeValue(decision)));
}

function createTables(database: DatabaseSync): void {
  database.exec("pragma busy_timeout = 5000"); // milliseconds for which it waits where another process is writing
  database.exec(`
    create table if not exists runs (run_id text primary key, attempt integer not null);
    create table if not exists entries (run_id text, key text, value text not null, primary key (run_id, key));
  `);
}
