/** How long a worker is left alone after a step before it is looked at, and how long it is looked at. */
const idleMs = 1_000;
/** More than half a processor without a step to run for. */
const maxCpuShare = 0.5;

/** Finds a worker that goes on computing after its step has ended (threads, child processes). Costs nothing per step. */
export class IdleWatch {
  readonly #cpuTimeMs: () => number | undefined;
  readonly #isIdle: () => boolean;
  readonly #onBusy: () => void;
  #timer: NodeJS.Timeout | undefined;
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
    if (this.#timer === undefined) this.#schedule();
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(this.#look, idleMs);
    this.#timer.unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    if (!this.#isIdle()) return;
    const now = performance.now();
    if (now - this.#idleSince < idleMs * 0.9) {
      this.#schedule();
      return;
    }
    const cpuMs = this.#cpuTimeMs();
    if (cpuMs === undefined) return;
    const before = this.#sample;
    this.#sample = { cpuMs, at: now, idleSince: this.#idleSince };
    if (before?.idleSince !== this.#idleSince) this.#schedule();
    else if (cpuMs - before.cpuMs > (now - before.at) * maxCpuShare) this.#onBusy();
  };
}
