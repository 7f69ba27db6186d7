import type { Advance, CallResult, ExecutorSession, SessionBinding } from "./executor.ts";
import { sandboxGone } from "./find-sandbox.ts";
import { callsOf, isFinished, lastProgram, type RecordedProgram, type RecordedStep } from "./recorded-step.ts";

/**
 * The steps that a session has not begun, which was found after its host had died at any moment: none where it is in the middle of the last program. Throws
 * what means a loss where it is somewhere else than the journal, or doesn't say where: nothing may go on in it.
 */
function notBegun(session: ExecutorSession, steps: readonly RecordedStep[], variables: SessionBinding["variables"]): readonly RecordedStep[] {
  const { lastKey, resume } = session;
  const at = steps.findLastIndex((step) => "code" in step && step.options.key === lastKey);
  const later = steps.slice(at + 1);
  const isElsewhere = lastKey === undefined || later.some((step) => "code" in step && step.events.length > 0);
  if (isElsewhere) throw sandboxGone("it is not where the run has left it");
  if (resume !== undefined) return later;
  // Its interpreter has ended since, and with it what programs had made: the next one tells of that.
  const last = steps[at];
  if (last !== undefined && "code" in last && !isFinished(last)) throw sandboxGone("its interpreter ended while no host was there");
  return [{ binding: { variables } }, ...steps.slice(0, at + 1).filter((step) => "binding" in step), ...later];
}

/** Begins what the session has not begun. Where that is not the last program, goes on with it: its calls come again. */
export async function takeUp(
  session: ExecutorSession,
  steps: readonly RecordedStep[],
  { variables, isSuspended }: { readonly variables: SessionBinding["variables"]; readonly isSuspended: boolean },
): Promise<ReturningCalls | undefined> {
  const last = lastProgram(steps);
  // Of a run that was suspended only the last program may wait to be begun.
  const waiting = isSuspended ? steps.filter((step) => step === last && last.events.length === 0) : notBegun(session, steps, variables);
  for (const step of waiting) {
    if ("binding" in step) await session.bind(step.binding);
    else session.start(step.code, step.options);
  }
  if (last === undefined || waiting.includes(last)) return undefined;
  session.resume?.(last.options);
  return new ReturningCalls(last);
}

/** The calls of a program that was found again: those that the journal knows come once more, and can be answered only then. Of any other program: none. */
export class ReturningCalls {
  /** Those that have not come yet, with their results. */
  readonly #awaited: Map<string, CallResult | undefined>;

  constructor(program?: RecordedProgram) {
    this.#awaited = new Map(program && callsOf(program).map(({ id }) => [id, undefined]));
  }

  /** What the journal doesn't know of an advance; undefined where that is nothing. */
  newIn(advance: Advance, session: ExecutorSession): Advance | undefined {
    if (advance.type === "done") return advance;
    const calls = advance.calls.filter(({ id }) => !this.#awaited.has(id));
    for (const { id } of advance.calls) {
      const result = this.#awaited.get(id);
      this.#awaited.delete(id);
      if (result !== undefined) session.deliver([result]);
    }
    return calls.length > 0 || advance.cancelled.length > 0 ? { ...advance, calls } : undefined;
  }

  /** The results that can be delivered now. */
  ready(results: readonly CallResult[]): readonly CallResult[] {
    for (const result of results) if (this.#awaited.has(result.id)) this.#awaited.set(result.id, result);
    return results.filter(({ id }) => !this.#awaited.has(id));
  }
}
