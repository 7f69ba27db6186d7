import { AbortedError, CodeletError, type LimitName } from "./errors.ts";
import type { OperationContext, OperationName, Outcome } from "./journal.ts";
import type { RunContext } from "./run-context.ts";

/** How a run was stopped in the middle of an operation, as its outcome tells: by its caller, or by the limit of an agent, whose run has that path. */
type Stop = "aborted" | { readonly path: string; readonly limit: LimitName; readonly value: number; readonly max: number };

type Work = (context: OperationContext) => Promise<unknown>;

/**
 * Signals and timers stop a run at a moment that nobody can repeat. A journal of the user's keeps it with the operation that was cut short: a run that is started
 * again is stopped there again, and does not go on with half an answer or a program that was left.
 */
export class Stops {
  readonly #controller = new AbortController();

  /** Aborted where the journal says that the run was aborted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The work, with an outcome that tells of a stop. What was done all the same keeps its value. */
  record(run: RunContext, key: string, operation: OperationName, work: Work): Work {
    if (operation === "sandbox") return work;
    return async (context) => {
      try {
        const value = await work(context);
        const stop = isEndOfProgram(operation, value) ? stopOf(run, key) : undefined;
        return stop === undefined ? value : Object.assign({}, value, { stop });
      } catch (error) {
        // Of a sandbox that died there is more to tell than that it was stopped.
        const stop = operation === "advance" ? undefined : stopOf(run, key);
        throw stop === undefined ? error : new StoppedError(stop, error);
      }
    };
  }

  /** Stops the run, or the manager's whose limit it was, where the outcome says so. */
  apply<T>(run: RunContext, outcome: Outcome<T>): Outcome<T> {
    const stop = stopIn(outcome);
    if (stop === "aborted") this.#controller.abort(new AbortedError());
    else if (stop !== undefined) {
      const stopped = withManagers(run).find(({ path }) => path === stop.path);
      stopped?.stopper.abort(stopped.ledger.reached(stop.limit, stop.value, stop.max));
    }
    return outcome;
  }
}

class StoppedError extends CodeletError {
  override readonly name: string = "AbortError";
  readonly code = "aborted";
  constructor(stop: Stop, cause: unknown) {
    super("The operation was aborted.", { details: { stop }, cause });
  }
}

/** Nothing for the last answer at a limit, which has stopped the run before. */
function stopOf(run: RunContext, key: string): Stop | undefined {
  if (run.root.callers.aborted) return "aborted";
  for (const { path, stopper } of withManagers(run)) {
    const { reason } = stopper.signal;
    if (CodeletError.isInstance(reason, "limit-reached") && !(path === run.path && key.startsWith("last")))
      return { path, ...reason.details } as unknown as Stop;
  }
  return undefined;
}

function withManagers(run: RunContext): readonly RunContext[] {
  const { parent } = run.scope;
  return parent === undefined ? [run] : [run, ...withManagers(parent.run)];
}

function stopIn(outcome: Outcome<unknown>): Stop | undefined {
  const told = "error" in outcome ? outcome.error.details : outcome.value;
  return typeof told === "object" && told !== null && "stop" in told ? (told.stop as unknown as Stop) : undefined;
}

function isEndOfProgram(operation: OperationName, value: unknown): value is { readonly type: "done" } {
  return operation === "advance" && (value as { readonly type?: unknown }).type === "done";
}
