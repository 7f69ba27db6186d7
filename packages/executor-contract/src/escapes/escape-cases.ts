import assert from "node:assert/strict";
import type { CaseContext } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { LeakedCanary } from "../leaked-canary.ts";
import { type PlannedEscape, readEscapes } from "./corpus.ts";
import { namespaceMissing } from "./own-namespace.ts";
import { runEscape } from "./run-escape.ts";
import { problemsOf } from "./verdict.ts";

const timeoutMs = 240_000;

/** The attacks as cases: those that are harmless everywhere, or all of them. */
export function escapeCases(isFull: boolean): readonly ContractCase[] {
  return readEscapes()
    .filter((entry) => isFull || entry.fast)
    .map((entry) => ({
      name: `${entry.id} (${entry.category})`,
      needs: ["isolation"],
      timeoutMs,
      run: (context) => assertContained(context, entry),
    }));
}

async function assertContained(context: CaseContext, entry: PlannedEscape): Promise<void> {
  const missing = entry.fast ? undefined : namespaceMissing();
  if (missing !== undefined) context.skip(missing);
  const first = await runEscape(context, entry);
  if (first.leaks.length > 0) throw new LeakedCanary(`${entry.then}\n${first.leaks.join("\n")}`);
  if (problemsOf(entry, first).length === 0) return;
  const second = await runEscape(context, entry); // lag and memory belong to a busy machine too: what counts happens twice
  if (second.leaks.length > 0) throw new LeakedCanary(`${entry.then}\n${second.leaks.join("\n")}`);
  assert.deepEqual(problemsOf(entry, second), [], entry.then);
}
