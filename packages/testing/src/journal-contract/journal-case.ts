import type { Journal, JournalFactory, OperationContext, OperationName, Operations } from "@codelet/core";
import { within } from "../model-contract/within.ts";
import type { JournalContractOptions, JournalLacks } from "./journal-contract.ts";

/** One promise of the contract. */
export interface JournalCase {
  /** The behaviour in the present tense. */
  readonly name: string;
  /** A case that needs what is lacking is skipped. */
  readonly needs?: keyof JournalLacks | "decide" | undefined;
  run(context: JournalCaseContext): Promise<void>;
}

/** What performs the operations of an attempt, of whatever name. */
export type Work = (key: string, context: OperationContext) => Promise<unknown>;

export interface JournalCaseContext extends Pick<JournalContractOptions, "decide"> {
  /** Of a run that nobody else has. */
  readonly runId: string;
  /** A process that goes on with the run until the body has ended. */
  attempt<T>(body: (journal: Journal) => Promise<T>, work?: Work, runId?: string): Promise<T>;
  /** A process that dies as soon as the body has ended: nothing of it is heard of any more. */
  die<T>(body: (journal: Journal) => Promise<T>, work?: Work): Promise<T>;
  /** The same with the journal's factory, for a whole run. */
  dieWith<T>(body: (journal: JournalFactory) => Promise<T>, runId: string): Promise<T>;
  attemptWith<T>(body: (journal: JournalFactory) => Promise<T>, runId: string): Promise<T>;
}

const patienceMs = 20_000;

export function caseContext({ attempt, decide }: JournalContractOptions): JournalCaseContext {
  const own = crypto.randomUUID();
  const perform = <T>(runId: string, body: (journal: JournalFactory) => Promise<T>, dies: boolean): Promise<T> => {
    const ended = new Promise<T>((resolve, reject) => {
      const whole = async (journal: JournalFactory): Promise<void> => {
        await body(journal).then(resolve, reject);
        if (dies) await never;
      };
      attempt(runId, whole).catch(reject);
    });
    return within(patienceMs, "The attempt", ended);
  };
  const withJournal =
    <T>(runId: string, body: (journal: Journal) => Promise<T>, work: Work) =>
    (factory: JournalFactory): Promise<T> =>
      body(factory({ runId, operations: operationsOf(work), emit: () => {} }));
  return {
    runId: own,
    decide,
    attempt: (body, work = notExpected, runId = own) => perform(runId, withJournal(runId, body, work), false),
    die: (body, work = notExpected) => perform(own, withJournal(own, body, work), true),
    attemptWith: (body, runId) => perform(runId, body, false),
    dieWith: (body, runId) => perform(runId, body, true),
  };
}

export const never: Promise<never> = new Promise<never>(() => {});

export function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function operationsOf(work: Work): Operations {
  const perform: Operations[OperationName] = (args, context) => work(String(args), context);
  return { model: perform, tool: perform, advance: perform, policy: perform, hook: perform, sandbox: perform, usage: perform };
}

const notExpected: Work = async (key) => {
  throw new Error(`${key} is performed, and was recorded before`);
};
