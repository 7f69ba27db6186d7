import { DatabaseSync } from "node:sqlite";
import type { ApprovalDecision } from "@codelet/core";
import { journalContract } from "@codelet/testing/journal-contract";
import { describe, it } from "vitest";
import { entryLog, entryLogJournal } from "./entry-log.ts";
import { decide, sqliteJournal } from "./sqlite-journal.ts";

const database = new DatabaseSync(":memory:");
journalContract({
  ...{ it, describe, name: "sqlite-journal.ts" },
  attempt: (_, body) => body(sqliteJournal(database)),
  decide: async (runId, key, decision) => decide(database, runId, key.slice(0, -"/approval".length), decision),
});

/** Of an engine: what its steps gave, and which process has the workflow. */
interface Workflow {
  readonly steps: string[];
  attempt: number;
}
const workflows = new Map<string, Workflow>();
const decisions = new Map<string, ApprovalDecision>();

journalContract({
  ...{ it, describe, name: "entry-log.ts" },
  async attempt(runId, body) {
    const workflow = workflows.get(runId) ?? { steps: [], attempt: 0 };
    workflows.set(runId, workflow);
    const attempt = ++workflow.attempt;
    let position = 0;
    const log = entryLog(async (work) => {
      const at = position++;
      const result = workflow.steps[at] ?? (await work());
      if (workflow.attempt !== attempt) throw new Error("Another process has the workflow.");
      workflow.steps[at] = result;
      return result;
    });
    const decision = async (key: string, signal?: AbortSignal): Promise<ApprovalDecision> => {
      for (;;) {
        const known = decisions.get(`${runId}/${key}`);
        if (known !== undefined) return known;
        await new Promise((resolve) => setTimeout(resolve, 10));
        signal?.throwIfAborted();
      }
    };
    await body(entryLogJournal(log, decision));
  },
  decide: async (runId, key, decision) => void decisions.set(`${runId}/${key}`, decision),
});
