/**
 * Counts the time in which a step runs, and calls back when that exceeds its limit. One timer serves many steps: it is moved only when it fires,
 * so that a step costs no timer of its own.
 */
export class Deadline {
  readonly #expired: () => void;
  #limitMs = Number.POSITIVE_INFINITY;
  #usedMs = 0;
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#usedMs = 0;
    this.#since = undefined;
    this.resume();
  }

  resume(): void {
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    const leftMs = this.#limitMs - this.#usedMs;
    if (this.#firesAt <= this.#since + leftMs) return;
    clearTimeout(this.#timer);
    this.#arm(leftMs);
  }

  pause(): void {
    if (this.#since === undefined) return;
    this.#usedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  /** Nothing is kept: also the timer goes. */
  dispose(): void {
    this.pause();
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): void {
    this.#firesAt = performance.now() + delayMs;
    this.#timer = setTimeout(this.#check, delayMs);
    this.#timer.unref();
  }

  readonly #check = (): void => {
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (this.#since === undefined) return;
    const leftMs = this.#limitMs - this.#usedMs - (performance.now() - this.#since);
    if (leftMs > 0.5) this.#arm(leftMs);
    else this.#expired();
  };
}
