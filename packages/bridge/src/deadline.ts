/** Counts the time in which it runs, and calls back once when that exceeds its limit. Pausing and resuming costs no timer. */
export class Deadline {
  readonly #limitMs: number;
  readonly #expired: () => void;
  #usedMs = 0;
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number, expired: () => void) {
    this.#limitMs = limitMs;
    this.#expired = expired;
  }

  resume(): void {
    if (this.#since !== undefined) return;
    this.#since = performance.now();
    this.#timer ??= setTimeout(this.#check, this.#limitMs - this.#usedMs);
  }

  pause(): void {
    if (this.#since === undefined) return;
    this.#usedMs += performance.now() - this.#since;
    this.#since = undefined;
  }

  stop(): void {
    this.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const leftMs = this.#limitMs - this.#usedMs - (performance.now() - this.#since);
    if (leftMs > 0.5) this.#timer = setTimeout(this.#check, leftMs);
    else this.#expired();
  };
}
