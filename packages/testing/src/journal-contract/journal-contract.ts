import type { ApprovalDecision, JournalFactory } from "@codelet/core";
import { checkOptions } from "../check-options.ts";
import type { RegisterGroup, RegisterTest } from "../model-contract/contract-options.ts";
import { entryCases } from "./cases/entries.ts";
import { runCases } from "./cases/runs.ts";
import { timeCases } from "./cases/times.ts";
import { caseContext, type JournalCase } from "./journal-case.ts";

/** What a journal is without, each with the reason. */
export interface JournalLacks {
  /** An earlier process that is only slow is left where a later one has the run. */
  readonly takeOver?: string | undefined;
}

/** What the suite needs: the runner's functions, and a store with your journal on it. */
export interface JournalContractOptions {
  readonly it: RegisterTest;
  readonly describe?: RegisterGroup | undefined;
  /** Shown in the title. */
  readonly name: string;
  /**
   * Does with the body what a process of yours does with the run of that id, always on the same store: makes its journal, and waits for the body. Rejects
   * with what the body rejects with. Where a body that was begun before has not ended, its process counts as dead, and this is the one that goes on.
   */
  attempt(runId: string, body: (journal: JournalFactory) => Promise<void>): Promise<void>;
  /** Leaves a decision for a run, under the whole key. Absent: the journal's runs ask nobody. */
  readonly decide?: ((runId: string, key: string, decision: ApprovalDecision) => Promise<void>) | undefined;
  /** Cases that need it are skipped with the reason. */
  readonly lacks?: JournalLacks | undefined;
}

const caseTimeoutMs = 60_000;

const cases: readonly JournalCase[] = [...entryCases, ...timeCases, ...runCases];

const optionNames = { it: true, describe: true, name: true, attempt: true, decide: true, lacks: true } as const;

/**
 * Registers the contract of journals as tests of your runner: what a run finds in its journal when its process has died, wherever that was. Processes are
 * played in one; what a real death does to your store is for you to try.
 *
 * @example
 * import { journalContract } from "@codelet/testing/journal-contract";
 * import { describe, it } from "vitest";
 * import { acmeJournal } from "./acme-journal.ts";
 *
 * journalContract({ it, describe, name: "acme", attempt: (runId, body) => body(acmeJournal("test.db")) });
 */
export function journalContract(options: JournalContractOptions): void {
  const { it, describe, name, attempt, lacks = {} } = checkOptions("journalContract", options, optionNames);
  checkOptions("lacks", lacks, { takeOver: true });
  for (const [option, value] of Object.entries({ it, attempt }))
    if (typeof value !== "function") throw new TypeError(`Expected \`${option}\` to be a function, got \`${value}\` (${typeof value})`);
  const register = (): void => {
    for (const testCase of cases) {
      // Without parameters: Mocha and Jest wait for a callback where there is one. What skips is the first argument, or Mocha's `this`.
      const test = function (this: unknown, ...parameters: readonly unknown[]): Promise<void> {
        return runCase(parameters[0] ?? this, testCase, options);
      };
      it(testCase.name, test, caseTimeoutMs);
    }
  };
  if (describe === undefined) register();
  else describe(`journal contract of ${name}`, register);
}

/** The names of all cases. */
export function journalContractCaseNames(): readonly string[] {
  return cases.map(({ name }) => name);
}

async function runCase(test: unknown, { name, needs, run }: JournalCase, options: JournalContractOptions): Promise<void> {
  const reason = whySkipped(needs, options);
  if (reason === undefined) return run(caseContext(options));
  console.info(`SKIPPED ${name}: ${reason}`);
  (test as { skip?: (reason: string) => void } | undefined)?.skip?.(reason);
}

function whySkipped(needs: JournalCase["needs"], { decide, lacks }: JournalContractOptions): string | undefined {
  if (needs === "decide") return decide === undefined ? "`decide` is not given" : undefined;
  return needs && lacks?.[needs];
}
