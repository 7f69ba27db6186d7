/** How long a worker is left alone after a step before it is looked at, and how long it is looked at first. */
const idleMs = 1_000;
/** Code may wait before it computes: later looks come this seldom. */
const maxLookMs = 8_000;
/** More than half a processor without a step to run for. */
const maxCpuShare = 0.5;

/** Finds a worker that computes after its step has ended (threads, child processes), at once or later. Costs nothing per step. */
export class IdleWatch {
  readonly #cpuTimeMs: () => number | undefined;
  readonly #isIdle: () => boolean;
  readonly #onBusy: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lookMs = idleMs;
  #idleSince = 0;
  #sample: { readonly cpuMs: number; readonly at: number; readonly idleSince: number } | undefined;

  constructor(options: { readonly cpuTimeMs: () => number | undefined; readonly isIdle: () => boolean; readonly onBusy: () => void }) {
    this.#cpuTimeMs = options.cpuTimeMs;
    this.#isIdle = options.isIdle;
    this.#onBusy = options.onBusy;
  }

  /** A step has ended. */
  begin(): void {
    this.#idleSince = performance.now();
    if (this.#timer !== undefined && this.#lookMs === idleMs) return;
    clearTimeout(this.#timer);
    this.#schedule(idleMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #schedule(lookMs: number): void {
    this.#lookMs = lookMs;
    this.#timer = setTimeout(this.#look, lookMs);
    this.#timer.unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (!this.#isIdle()) return;
    const now = performance.now();
    if (now - this.#idleSince < idleMs * 0.9) {
      this.#schedule(idleMs);
      return;
    }
    const cpuMs = this.#cpuTimeMs();
    if (cpuMs === undefined) return;
    const before = this.#sample;
    this.#sample = { cpuMs, at: now, idleSince: this.#idleSince };
    if (before?.idleSince !== this.#idleSince) this.#schedule(idleMs);
    else if (cpuMs - before.cpuMs > (now - before.at) * maxCpuShare) this.#onBusy();
    else this.#schedule(Math.min(2 * this.#lookMs, maxLookMs));
  };
}
