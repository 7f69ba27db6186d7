import { sleep } from "./abort.ts";
import {
  CodeletError,
  ConfigurationError,
  describeThrown,
  type ErrorInfo,
  ExecutorCrashedError,
  ModelCallError,
  type ModelCallErrorOptions,
  ProtocolError,
} from "./errors.ts";
import type { AgentEvent } from "./events.ts";
import { checkOptions } from "./option-checks.ts";
import type { Json } from "./value.ts";

/** How an operation ended. A failed one is data too, and is journaled. */
export type Outcome<T> = { readonly value: T } | { readonly error: OperationError };

/** A failure as data, as a journal keeps it. */
export interface OperationError extends ErrorInfo {
  readonly details?: Json | undefined;
  /** What was thrown; absent when the outcome was read back from a store. */
  readonly cause?: unknown;
}

/**
 * `policy` decides on a call, `hook` is a callback of the user's between steps, or a check of an answer. `sandbox` opens a sandbox that can be found again, or
 * ends it; what comes of the first is its `SessionRef`, so a journal is kept as a password is. `usage` tells at the end of a run what it has spent.
 */
export type OperationName = "model" | "tool" | "advance" | "policy" | "hook" | "sandbox" | "usage";

/**
 * What performs the operations of a run and its managed agents: named, with the operation's path as argument. Results are data that `encodeValue` can
 * carry to a store. One that is under way when the journal leaves the run may never settle: don't wait for it.
 */
export type Operations = Readonly<Record<OperationName, (args: Json, context: OperationContext) => Promise<unknown>>>;

/** What the work of an operation may use. */
export interface OperationContext {
  /** `runId/key`: stable across attempts. */
  readonly idempotencyKey: string;
}

/**
 * The seam for durability. In memory it just runs the operations; a durable journal returns the recorded outcome of a key it has seen.
 * Whatever a journal itself throws is control flow (suspended, cancelled, lease lost): never caught by the kernel, never shown to the model. Calls that are under
 * way are cut short then, except for a {@link Suspension}: how they end is nothing to record. Each call that it holds has to end then. Calls are known by their keys: in
 * which order those side by side come is left open. `journalContract` of `@codelet/testing/journal-contract` certifies a journal.
 */
export interface Journal {
  call<T>(key: string, operation: OperationName, args: Json): Promise<Outcome<T>>;
  /** The only race: the index of the candidate that settled first is journaled. */
  pick<T>(key: string, candidates: readonly Promise<T>[]): Promise<number>;
  /** The journal of a managed agent: never an operation inside an operation. */
  child(key: string): Journal;
  /** Milliseconds since the epoch. Time in which the run was left, or its process dead, counts for `wallTimeMs` unless the journal leaves it out. */
  now(key: string): Promise<number>;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(key: string, milliseconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * A value that arrives from outside: an `ApprovalDecision`, at the path of the approval's `id` and `/approval`. Rejects with the signal's reason when
   * nobody wants it any more, and with {@link Suspension} where the run is to be left until it is there: what else is under way comes to its end, and then
   * the run rejects with it.
   */
  waitFor<T extends Json>(key: string, signal?: AbortSignal): Promise<T>;
  /** A finished step, for logs, user interfaces and resume. */
  checkpoint(step: Json): Promise<void>;
  /** Live progress; best effort, never journaled. */
  emit(event: AgentEvent): void;
}

/** Leaves a run to wait for something from outside: thrown by a journal, seen by no model, tool or callback. */
export class Suspension extends Error {
  override readonly name: string = "Suspension";
  /** What the whole run rejects with instead, where the kernel itself leaves it. @internal */
  readonly failure?: CodeletError | undefined;
}

/** Makes the journal of one run. */
export type JournalFactory = (run: { readonly runId: string; readonly operations: Operations; emit(event: AgentEvent): void }) => Journal;

/** Time as a journal sees it; tests pass a fake one. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** A journal that keeps nothing: each operation just runs. The default. */
export function memoryJournal(options: { readonly clock?: Clock } = {}): JournalFactory {
  const { clock = systemClock } = checkOptions("memoryJournal", options, { clock: "an object" });
  return ({ runId, operations, emit }) => {
    const journal = (path: string): Journal => ({
      async call<T>(key: string, operation: OperationName, args: Json): Promise<Outcome<T>> {
        try {
          return { value: (await operations[operation](args, { idempotencyKey: `${runId}/${path}${key}` })) as T };
        } catch (error) {
          return { error: operationError(error) };
        }
      },
      pick: (_key, candidates) => race(candidates),
      child: (key) => journal(`${path}${key}/`),
      now: async () => clock.now(),
      sleep: (_key, milliseconds, signal) => clock.sleep(milliseconds, signal),
      waitFor: () => Promise.reject(new ConfigurationError("A journal in memory can't wait for a value from outside.")),
      checkpoint: async () => {},
      emit,
    });
    return journal("");
  };
}

/** The index of the one that settles first. */
export function race(candidates: readonly Promise<unknown>[]): Promise<number> {
  return Promise.race(candidates.map((candidate, index) => candidate.catch(() => {}).then(() => index)));
}

export function operationError(error: unknown): OperationError {
  return { ...describeThrown(error), ...(CodeletError.isInstance(error) && { details: error.details }), cause: error };
}

/** The journal, with what it throws by itself kept: control flow that nobody may catch. The reason of an aborted wait is not its own. */
export function watchJournal(journal: Journal, thrown: Set<unknown>): Journal {
  const watch = async <T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    try {
      return await ask(); // which may throw at once
    } catch (error) {
      if (!signal?.aborted) thrown.add(error);
      throw error;
    }
  };
  return {
    call: (...args) => watch(() => journal.call(...args)) as never,
    pick: (...args) => watch(() => journal.pick(...args)),
    child: (key) => watchJournal(journal.child(key), thrown),
    now: (key) => watch(() => journal.now(key)),
    sleep: (key, milliseconds, signal) => watch(() => journal.sleep(key, milliseconds, signal), signal),
    waitFor: (key, signal) => watch(() => journal.waitFor(key, signal), signal),
    checkpoint: (step) => watch(() => journal.checkpoint(step)),
    emit: (event) => journal.emit(event),
  };
}

/** The error of a failed operation: what was thrown, or the same again from its data. */
export function errorOf({ cause, code, message, details }: OperationError): unknown {
  if (cause !== undefined) return cause;
  if (code === "model-call") return new ModelCallError(message, definedOnly(details));
  if (code === "executor-crashed") return new ExecutorCrashedError(message);
  return code === "protocol" ? new ProtocolError(message) : new ConfigurationError(message);
}

function definedOnly(details: Json | undefined): ModelCallErrorOptions {
  return Object.fromEntries(Object.entries(details ?? {}).filter(([, value]) => value !== null));
}

const systemClock: Clock = { now: () => Date.now(), sleep };
