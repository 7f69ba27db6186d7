import { abortable } from "./abort.ts";
import type { AgentDefinition } from "./definition.ts";
import { AbortedError, CodeletError, describeThrown, type LimitName } from "./errors.ts";
import type { Advance } from "./executor.ts";
import type { OperationContext, OperationName, Outcome } from "./journal.ts";
import type { Spent } from "./limits.ts";
import { isGuarded } from "./policy.ts";
import type { EndOfProgram } from "./recorded-step.ts";
import { isEffect } from "./returning.ts";
import type { RunContext } from "./run-context.ts";

/** How a run was stopped in the middle of an operation, as its outcome tells: by its caller, or by the limit of an agent, whose run has that path. */
type Stop = Abort | Limit;

/** The caller's reason, where it can be kept and says more than that it is one. */
type Abort = { readonly aborted: string | { readonly name: string; readonly message: string } | null };

/** `isRefusal`: there was no room for the operation; else it was cut short. */
type Limit = { readonly path: string; readonly limit: LimitName; readonly value: number; readonly max: number; readonly isRefusal?: true };

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
      // One that begins behind the limit is not cut short by it: what it throws is its own.
      const before = operation === "hook" ? stopOf(run, key) : undefined;
      const mayBeCut = operation === "hook" && !run.signal.aborted;
      try {
        // It may have waited for its team until then.
        if (isEffect(operation)) run.callers.throwIfAborted();
        const value = await (mayBeCut ? abortable(work(context), run.signal) : work(context));
        // What a callback has said is acted on no more, and what it has done is not repeated.
        if (mayBeCut) run.signal.throwIfAborted();
        return isEndOfProgram(operation, value) ? endWith(value, stopOf(run, key)) : value;
      } catch (error) {
        if (error instanceof StoppedError) throw error;
        // Of a sandbox that died there is more to tell than that it was stopped.
        const stop = operation === "advance" ? undefined : stopOf(run, key);
        const isOwn = stop === undefined || (before !== undefined && "limit" in stop);
        throw isOwn ? withoutStop(error) : new StoppedError(stop, error);
      }
    };
  }

  /** Stops the run, or the manager's whose limit it was, where the outcome says so. An operation that was cut short fails with the reason. */
  apply<T>(run: RunContext, operation: OperationName, outcome: Outcome<T>): Outcome<T> {
    const stop = stopIn(operation, outcome);
    const reason = stop && this.#stop(run, stop);
    return reason && "error" in outcome ? { error: { ...outcome.error, cause: reason } } : outcome;
  }

  /**
   * Keeps that there was no room, with the first operation of what there was none for: agents at work side by side spend one budget, and not in the same order
   * when they are gone through again. Where the journal knows an outcome of it, there was room. Throws the limit.
   */
  async refuse(run: RunContext, name: keyof Spent, key: string, limit: unknown): Promise<void> {
    const stopped = withManagers(run).find(({ ledger }) => ledger.hasReached(limit));
    // While an agent that is no member of a team thinks, nobody else spends anything.
    if (stopped === undefined || (run.scope.parent === undefined && name !== "toolCalls")) throw limit;
    const stop = { path: stopped.path, ...(limit as CodeletError).details, isRefusal: true } as unknown as Stop;
    await run.operate(...firstOperation(run, name, key), () => Promise.reject(new StoppedError(stop, limit)));
  }

  /** The reason, which may have been there before. */
  #stop(run: RunContext, stop: Stop): unknown {
    if ("aborted" in stop) {
      this.#controller.abort(reasonOf(stop));
      return run.root.callers.reason;
    }
    const stopped = withManagers(run).find(({ path }) => path === stop.path);
    const limit = stopped?.ledger.reached(stop.limit, stop.value, stop.max);
    if (stop.isRefusal) throw limit;
    stopped?.stopper.abort(limit);
    return stopped?.stopper.signal.reason;
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
  const { callers } = run.root;
  if (callers.aborted) return abortFor(callers.reason);
  for (const { path, stopper } of withManagers(run)) {
    const { reason } = stopper.signal;
    if (CodeletError.isInstance(reason, "limit-reached") && !(path === run.path && key.startsWith("last")))
      return { path, ...reason.details } as unknown as Stop;
  }
  return undefined;
}

function abortFor(reason: unknown): Abort {
  if (typeof reason === "string") return { aborted: reason };
  const { name, message } = describeThrown(reason);
  return { aborted: reason instanceof Error && name !== "AbortError" ? { name, message } : null };
}

function reasonOf({ aborted }: Abort): unknown {
  if (aborted === null || typeof aborted === "string") return aborted ?? new AbortedError();
  return Object.assign(new Error(aborted.message), { name: aborted.name });
}

/** What a step, an answer or a call begins with in the journal. */
function firstOperation(run: RunContext, name: keyof Spent, key: string): readonly [key: string, operation: OperationName] {
  if (name === "modelCalls") return [key, "model"];
  if (name === "steps") return [firstAnswer(run.agent.definition, Number(key)), "model"];
  const tool = run.agent.callable.get(key.slice(key.lastIndexOf(".") + 1));
  if (tool !== undefined && isGuarded(run, tool)) return [`${key}/policy`, "policy"];
  return tool?.agent === undefined ? [key, "tool"] : [`${key}/${firstAnswer(tool.agent.definition, 1)}`, "model"];
}

function firstAnswer({ planningInterval }: AgentDefinition, step: number): string {
  return planningInterval !== undefined && (step - 1) % planningInterval === 0 ? `${step}/plan/model` : `${step}/model`;
}

function withManagers(run: RunContext): readonly RunContext[] {
  const { parent } = run.scope;
  return parent === undefined ? [run] : [run, ...withManagers(parent.run)];
}

/** Looks only where {@link Stops.record} has looked before: what users, tools and models give may hold anything. */
function stopIn(operation: OperationName, outcome: Outcome<unknown>): Stop | undefined {
  if (operation === "sandbox") return undefined;
  if ("value" in outcome) return isEndOfProgram(operation, outcome.value) ? outcome.value.stop : undefined;
  const { code, details } = outcome.error;
  return code === "aborted" ? (details as { readonly stop?: Stop } | undefined)?.stop : undefined;
}

type Stopped = EndOfProgram & { readonly stop?: Stop };

function isEndOfProgram(operation: OperationName, value: unknown): value is Stopped {
  return operation === "advance" && (value as Advance | undefined)?.type === "done";
}

function endWith(end: EndOfProgram, stop: Stop | undefined): Stopped {
  return stop === undefined ? end : { ...end, stop };
}

/** An error of somebody else's, which must not look as if it told of a stop. */
function withoutStop(error: unknown): unknown {
  return CodeletError.isInstance(error, "aborted") && "stop" in Object(error.details) ? new AbortedError(error) : error;
}
