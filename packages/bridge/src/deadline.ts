/** How often the processor time is looked at once a step has made a host call. */
const lookMs = 250;

/**
 * Counts the time in which a step runs, and calls back when that exceeds its limit. While host calls are pending only the processor time of the code
 * counts: a thread may wait for an approval for days, but not compute for as long. One timer serves many steps: it is moved only when it fires,
 * so that a step costs no timer of its own.
 */
export class Deadline {
  readonly #expired: () => void;
  readonly #cpuTimeMs: () => number | undefined;
  #limitMs = Number.POSITIVE_INFINITY;
  #usedMs = 0;
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #isActive = false;
  #lookTimer: NodeJS.Timeout | undefined;
  #sample: { readonly cpuMs: number; readonly usedMs: number; readonly at: number } | undefined;

  constructor(expired: () => void, cpuTimeMs: () => number | undefined) {
    this.#expired = expired;
    this.#cpuTimeMs = cpuTimeMs;
  }

  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#usedMs = 0;
    this.#since = undefined;
    this.#sample = undefined;
    this.#isActive = true;
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

  /** Host calls are pending. */
  pause(): void {
    this.#stopClock();
    if (this.#isActive && this.#lookTimer === undefined) this.#armLook();
  }

  /** The step is over, or being stopped. */
  stop(): void {
    this.#isActive = false;
    this.#stopClock();
  }

  /** Nothing is kept: also the timers go. */
  dispose(): void {
    this.stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#lookTimer);
  }

  #stopClock(): void {
    if (this.#since === undefined) return;
    this.#usedMs += performance.now() - this.#since;
    this.#since = undefined;
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

  #armLook(): void {
    this.#lookTimer = setTimeout(this.#look, lookMs);
    this.#lookTimer.unref();
  }

  /** What the code has computed since the last look and the clock has not counted. Many processors count as one. */
  readonly #look = (): void => {
    this.#lookTimer = undefined;
    if (!this.#isActive) return;
    const cpuMs = this.#cpuTimeMs();
    if (cpuMs === undefined || cpuMs === this.#sample?.cpuMs) return void this.#armLook(); // not heard of yet, or idle
    const at = performance.now();
    const usedMs = this.#usedMs + (this.#since === undefined ? 0 : at - this.#since);
    const last = this.#sample;
    const missedMs = last === undefined ? 0 : Math.max(0, Math.min(cpuMs - last.cpuMs, at - last.at) - (usedMs - last.usedMs));
    this.#usedMs += missedMs;
    this.#sample = { cpuMs, usedMs: usedMs + missedMs, at };
    if (usedMs + missedMs >= this.#limitMs) this.#expired();
    else this.#armLook();
  };
}
