import type { Advance, CallResult, ExecuteOptions, SandboxCall, SessionBinding, SessionRef } from "./executor.ts";
import type { Json } from "./value.ts";

/** What happened in a program, as the journal knows it: what it did, or what it was answered. */
export type Recorded = { readonly advance: Advance } | { readonly results: readonly CallResult[] };

/** The end of a program. Where it was run again for that in another sandbox, a journal of the user's has how that one is found. */
export type EndOfProgram = Extract<Advance, { readonly type: "done" }> & { readonly sandbox?: SessionRef | undefined };

/** A program with what happened in it, in order. */
export interface RecordedProgram {
  readonly code: string;
  readonly options: ExecuteOptions;
  readonly events: Recorded[];
}

/** A program, or a binding between programs. */
export type RecordedStep = RecordedProgram | { readonly binding: SessionBinding };

/** What else an executor says of an end is not for a journal. */
export function endOf({ type, execution, readings }: EndOfProgram, sandbox: SessionRef | undefined): EndOfProgram {
  return { type, execution, ...(readings !== undefined && { readings }), ...(sandbox !== undefined && { sandbox }) };
}

/** The last step, where that is a program. */
export function lastProgram(steps: readonly RecordedStep[]): RecordedProgram | undefined {
  const last = steps.at(-1);
  return last !== undefined && "code" in last ? last : undefined;
}

/** Whether the last step is a program that has not ended. */
export function isUnfinished(steps: readonly RecordedStep[]): boolean {
  const last = lastProgram(steps);
  return last !== undefined && !isFinished(last);
}

export function advancesOf({ events }: RecordedProgram): readonly Advance[] {
  return events.flatMap((event) => ("advance" in event ? [event.advance] : []));
}

/** Of its advances, in order. */
export function readingsOf(program: RecordedProgram): readonly Json[] {
  return advancesOf(program)
    .map(({ readings }) => readings)
    .filter((each) => each !== undefined);
}

export function callsOf(program: RecordedProgram): readonly SandboxCall[] {
  return advancesOf(program).flatMap((advance) => (advance.type === "calls" ? advance.calls : []));
}

export function isFinished({ events }: RecordedProgram): boolean {
  const last = events.at(-1);
  return last !== undefined && "advance" in last && last.advance.type === "done";
}

/**
 * Of a program that was stopped while it waited for calls: where. Nobody answers them when it runs again, and it would wait for ever. -1 of any other.
 */
export function stopOf(program: RecordedProgram): number {
  const { events } = program;
  const last = advancesOf(program).at(-1);
  if (last?.type !== "done" || last.execution.error?.name !== "AbortError") return -1;
  const answered = new Set(events.flatMap((event) => ("results" in event ? event.results.map(({ id }) => id) : [])));
  if (callsOf(program).every(({ id }) => answered.has(id))) return -1;
  const takenBack = events.findLastIndex((event) => "advance" in event && event.advance.type === "calls" && event.advance.cancelled.length > 0);
  return takenBack < 0 ? events.length - 1 : takenBack;
}
