import type { Clock } from "@codelet/core";
import { checkOptions } from "./check-options.ts";

/** Kept from the start: a test runner's own fake timers would make it wait for ever. */
const { setImmediate } = globalThis;

/** What a {@link FakeClock} may be told. */
export interface FakeClockOptions {
  /** What `now()` says first, in milliseconds since the epoch. @default 0 */
  readonly startMs?: number | undefined;
  /** `"wait"`: a sleep ends when `advance` reaches it. `"skip"`: the clock jumps to the next sleep's end by itself. @default "wait" */
  readonly sleeps?: "wait" | "skip" | undefined;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/**
 * Time under a test's control: for `memoryJournal({ clock })`, `fakeExecutor` and `faultyModel`.
 *
 * @example
 * const clock = new FakeClock();
 * const slept = clock.sleep(60_000);
 * await clock.advance(60_000);
 * await slept;
 */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #skips: boolean;
  #sleepers: Sleeper[] = [];

  constructor(options: FakeClockOptions = {}) {
    const { startMs = 0, sleeps = "wait" } = checkOptions("FakeClock", options, { startMs: true, sleeps: true });
    if (!Number.isFinite(startMs)) throw new TypeError(`Expected \`startMs\` to be a number, got \`${startMs}\` (${typeof startMs})`);
    if (sleeps !== "wait" && sleeps !== "skip")
      throw new TypeError(`Expected \`sleeps\` to be "wait" or "skip", got \`${sleeps}\` (${typeof sleeps})`);
    this.#nowMs = startMs;
    this.#skips = sleeps === "skip";
  }

  now(): number {
    return this.#nowMs;
  }

  /** How many sleeps wait for their time. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Ends when the clock reaches its time; rejects with the signal's reason when that is aborted before. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!(typeof milliseconds === "number" && !Number.isNaN(milliseconds)))
        throw new TypeError(`Expected \`milliseconds\` to be a number, got \`${milliseconds}\` (${typeof milliseconds})`);
      if (signal?.aborted) return reject(signal.reason);
      const leave = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      const sleeper: Sleeper = { dueMs: this.#nowMs + Math.max(0, milliseconds), wake };
      signal?.addEventListener("abort", abort, { once: true });
      this.#sleepers.push(sleeper);
      if (this.#skips) setImmediate(() => this.#skip());
    });
  }

  /** Moves time on. Sleeps end one by one in the order of their times, with what they start in between, also sleeps that become due on the way. */
  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0)) throw new TypeError(`Expected \`milliseconds\` to be a number >= 0, got \`${milliseconds}\` (${typeof milliseconds})`);
    const targetMs = this.#nowMs + milliseconds;
    await settled();
    for (let next = this.#next(); next !== undefined && next.dueMs <= targetMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.wake();
      await settled();
    }
    this.#nowMs = Math.max(this.#nowMs, targetMs);
  }

  #skip(): void {
    const next = this.#next();
    if (next === undefined) return;
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.wake();
  }

  /** The first of those that are due first. */
  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (first === undefined || sleeper.dueMs < first.dueMs) first = sleeper;
    return first;
  }
}

/** All promises that can settle without time or the outside world have. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
