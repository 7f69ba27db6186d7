import type { Advance, CallResult, ExecuteOptions, SandboxCall, SessionBinding } from "./executor.ts";

/** What happened in a program, as the journal knows it: what it did, or what it was answered. */
export type Recorded = { readonly advance: Advance } | { readonly results: readonly CallResult[] };

/** A program with what happened in it, in order. */
export interface RecordedProgram {
  readonly code: string;
  readonly options: ExecuteOptions;
  readonly events: Recorded[];
}

/** A program, or a binding between programs. */
export type RecordedStep = RecordedProgram | { readonly binding: SessionBinding };

export function advancesOf({ events }: RecordedProgram): readonly Advance[] {
  return events.flatMap((event) => ("advance" in event ? [event.advance] : []));
}

export function callsOf(program: RecordedProgram): readonly SandboxCall[] {
  return advancesOf(program).flatMap((advance) => (advance.type === "calls" ? advance.calls : []));
}

export function isFinished({ events }: RecordedProgram): boolean {
  const last = events.at(-1);
  return last !== undefined && "advance" in last && last.advance.type === "done";
}
