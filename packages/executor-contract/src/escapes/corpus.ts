import { readDataFile } from "../data-file.ts";

/** One attack, and what a safe executor makes of it. */
export interface EscapeEntry {
  readonly id: string;
  readonly category: string;
  readonly code: string;
  /** error: ends with a typed error. contained: any end, but nothing leaks. value: succeeds with `expect`. */
  readonly must: "error" | "contained" | "value";
  readonly canary: string;
  /** Why, in a sentence. */
  readonly then: string;
  readonly expect?: unknown;
  /** Must not come out as the value or the answer. */
  readonly forbidValue?: unknown;
  /** Runs in a new session afterwards, and must not see the first one's marker. */
  readonly followup?: string;
  /** Milliseconds to wait before looking. */
  readonly waitMs?: number;
  /** Ending at the timeout counts as contained. */
  readonly timeoutOk?: boolean;
}

/** How an entry is run, beside what it is. */
interface EscapePlan {
  readonly id: string;
  /** Part of every run: harmless outside a namespace of its own, also where the sandbox fails, and quick. */
  readonly fast?: boolean;
  /** The canary fires on CPython without any isolation, environment passed through: the proof that the check can fail. */
  readonly fires?: boolean;
  /** Milliseconds of the step. */
  readonly timeoutMs?: number;
}

export type PlannedEscape = EscapeEntry & Omit<EscapePlan, "id"> & { readonly timeoutMs: number };

const defaultTimeoutMs = 15_000;

/** The corpus with its plan, in order. */
export function readEscapes(): readonly PlannedEscape[] {
  const plans = new Map(readDataFile<EscapePlan>("escape-python-plan.jsonl").map((plan) => [plan.id, plan]));
  return readDataFile<EscapeEntry>("escape-python.jsonl").map((entry) => ({ timeoutMs: defaultTimeoutMs, ...plans.get(entry.id), ...entry }));
}
