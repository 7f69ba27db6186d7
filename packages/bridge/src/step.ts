import type { Advance, CodeErrorInfo, Execution, RichOutput, Value } from "@codelet/core";
import type { BridgeLimits } from "./bridge-limits.ts";
import { PendingCalls } from "./pending-calls.ts";
import { type Readings, StepReadings } from "./readings.ts";
import type { LeftStep } from "./session-options.ts";

export type StopReason = "timeout" | "aborted";

export interface StepOptions {
  readonly limits: BridgeLimits;
  /** Sends a frame to the worker: type and JSON fields. */
  readonly send: (type: string, fields: string) => void;
  /** The step's end was handed over: the next one may start. */
  readonly onTaken: () => void;
}

/** One running step: its calls, what it showed and answered, and who waits for it. */
export class Step {
  readonly number: number;
  readonly startedAt: number = performance.now();
  readonly outputs: RichOutput[] = [];
  finalAnswer: { readonly value: Value } | undefined;
  /** Why the step is being stopped. */
  stopping: StopReason | undefined;
  /** Stopping took calls from the code, so that what it does from then on counts for nothing. */
  lostCalls = false;
  /** The worker has ended the step; its last output is still under way. */
  isDraining = false;
  readonly #options: StepOptions;
  readonly #left: LeftStep | undefined;
  /** Made by the first call: most steps make none. */
  #calls: PendingCalls | undefined;
  #readings: StepReadings | undefined;
  #richBytes = 0;
  #outcome: Execution | Error | undefined;
  #waiter: PromiseWithResolvers<Advance> | undefined;

  constructor(number: number, options: StepOptions, left?: LeftStep) {
    this.#options = options;
    this.#left = left;
    this.number = number;
  }

  get calls(): PendingCalls {
    this.#calls ??= new PendingCalls(this.number, this.#options.limits, this.#options.send, this.#left);
    return this.#calls;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  next(): Promise<Advance> {
    if (this.#waiter !== undefined) return this.#waiter.promise;
    const waiter = Promise.withResolvers<Advance>();
    this.#waiter = waiter;
    this.flush();
    return waiter.promise;
  }

  /** Hands what has happened to who waits for it. */
  flush(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const outcome = this.#outcome;
    const news = this.#calls?.take(outcome === undefined);
    if (news !== undefined && !(outcome instanceof Error)) {
      this.#waiter = undefined;
      waiter.resolve({ type: "calls", calls: news.calls, cancelled: news.cancelled, ...this.#takeReadings() });
    } else if (outcome !== undefined) {
      this.#waiter = undefined;
      this.#options.onTaken();
      if (outcome instanceof Error) waiter.reject(outcome);
      else waiter.resolve({ type: "done", execution: outcome, ...this.#takeReadings() });
    }
  }

  addRichOutput(data: RichOutput): void {
    const { maxRichParts, maxRichBytes } = this.#options.limits;
    for (const [type, content] of Object.entries(data)) this.#richBytes += type.length + content.length;
    if (this.outputs.length < maxRichParts && this.#richBytes <= maxRichBytes) this.outputs.push(data);
  }

  /** Throws ProtocolError for more than the worker's own code would have kept. */
  addReadings(readings: Readings): void {
    this.#readings ??= new StepReadings();
    this.#readings.add(readings);
  }

  #takeReadings(): { readonly readings?: Readings } {
    const readings = this.#readings?.take();
    return readings === undefined ? {} : { readings };
  }

  finish(outcome: Execution | Error): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.flush();
  }
}

/** The error of a step that was stopped. */
export function stopError(reason: StopReason, more = ""): CodeErrorInfo {
  if (reason === "timeout") return { name: "TimeoutError", message: `the code ran out of time${more}` };
  return { name: "AbortError", message: `the code was stopped${more}` };
}
