import type { StepTimer } from "./step-timer.ts";

/** A deadline for the code's own time: it stands still while it is paused. */
export class OwnTime {
  readonly #timer: StepTimer;
  readonly #onExpired: () => void;
  #leftMs: number;
  #resumedAt = 0;
  #cancel: (() => void) | undefined;

  constructor(timer: StepTimer, limitMs: number, onExpired: () => void) {
    this.#timer = timer;
    this.#leftMs = limitMs;
    this.#onExpired = onExpired;
  }

  resume(): void {
    this.#resumedAt = this.#timer.now();
    this.#cancel = this.#timer.after(this.#leftMs, this.#onExpired);
  }

  pause(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#leftMs = Math.max(0, this.#leftMs - (this.#timer.now() - this.#resumedAt));
  }
}
