import { abortable } from "./abort.ts";
import { AbortedError, ConfigurationError } from "./errors.ts";
import type { ExecutorSession, OpenSessionOptions } from "./executor.ts";

/** A session that is opened ahead of its only user. */
export interface WarmSession {
  readonly session: Promise<ExecutorSession>;
  /** Who wants to hear how the opening gets on. */
  readonly listeners: Set<(message: string) => void>;
  readonly isOpen: boolean;
}

interface KeptSession extends WarmSession {
  state: "opening" | "open" | "failed";
  readonly givenUp: AbortController;
  cancelExpiry: () => void;
}

export interface WarmSessionsOptions {
  readonly open: (options: OpenSessionOptions) => Promise<ExecutorSession>;
  readonly size: number;
  readonly maxIdleMs: number;
}

const firstRetryMs = 1_000;
const maxRetryMs = 60_000;

/**
 * The sessions that wait. One that is taken never comes back, unless it was still being opened: nobody has used it then.
 *
 * A session that nobody takes in `maxIdleMs` is ended and not replaced, and openings that fail are tried again at growing intervals, until nobody has asked
 * for `maxIdleMs`: what isn't used comes to rest, and holds no timer.
 */
export class WarmSessions implements AsyncDisposable {
  readonly #options: WarmSessionsOptions;
  /** The oldest first. */
  readonly #kept: KeptSession[] = [];
  #failures = 0;
  #lastAskedAt = 0;
  #cancelFill: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: WarmSessionsOptions) {
    this.#options = options;
  }

  get isDisposed(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Opens what is missing, once the caller has come to its first step: starting a process takes this one's time. After a failure it opens one at a time, and
   * none before the interval is over.
   */
  fill(): void {
    this.#lastAskedAt = performance.now();
    this.#cancelFill ??= later(0, () => {
      this.#cancelFill = undefined;
      if (this.#cancelRetry === undefined) this.#openMissing();
    });
  }

  /** Opens what is missing at once, and resolves when all of it is open. Rejects with the first failure, or with `aborted`. */
  async fillNow({ signal, onProgress = () => {} }: Pick<OpenSessionOptions, "signal" | "onProgress">): Promise<void> {
    this.#lastAskedAt = performance.now();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#recover();
    const opening = [...this.#kept];
    for (const { listeners } of opening) listeners.add(onProgress);
    try {
      await abortable(Promise.all(opening.map((kept) => this.#isOpenOrNeedless(kept))), signal);
    } catch (error) {
      throw signal?.aborted ? new AbortedError(signal.reason) : error;
    } finally {
      for (const { listeners } of opening) listeners.delete(onProgress);
    }
  }

  /** The session that is open for longest, else the one that will be open first. The caller owns it. */
  take(): WarmSession | undefined {
    const taken = this.#kept.find(({ isOpen }) => isOpen) ?? this.#kept[0];
    if (taken !== undefined) this.#remove(taken);
    return taken;
  }

  /** Takes back a session that was taken while it was being opened, and not waited for. */
  giveBack(warm: WarmSession): void {
    const kept = warm as KeptSession;
    if (kept.state === "failed") return;
    if (this.isDisposed || this.#kept.length >= this.#options.size) endUnseen(kept);
    else this.#keep(kept);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#cancelFill?.();
    this.#cancelRetry?.();
    const kept = [...this.#kept];
    for (const session of kept) this.#remove(session);
    this.#ended ??= Promise.all(kept.map(end)).then(() => {});
    return this.#ended;
  }

  /** One that was taken, given back and found its place taken has not failed. */
  async #isOpenOrNeedless({ session, givenUp }: KeptSession): Promise<void> {
    try {
      await session;
    } catch (error) {
      if (this.isDisposed || !givenUp.signal.aborted) throw error;
    }
  }

  #openMissing(): void {
    if (this.isDisposed) return;
    const { size } = this.#options;
    const atOnce = this.#failures === 0 ? size : 1;
    while (this.#kept.length < size && this.#kept.filter(({ isOpen }) => !isOpen).length < atOnce) this.#keep(this.#open());
  }

  #open(): KeptSession {
    const givenUp = new AbortController();
    const listeners: WarmSession["listeners"] = new Set();
    const onProgress = (message: string): void => {
      for (const listener of listeners) listener(message);
    };
    const kept: KeptSession = {
      session: this.#options.open({ signal: givenUp.signal, onProgress }),
      listeners,
      state: "opening",
      givenUp,
      cancelExpiry: () => {},
      get isOpen() {
        return this.state === "open";
      },
    };
    kept.session.then(
      () => {
        kept.state = "open";
        this.#expireLater(kept);
        if (this.#failures > 0) this.#recover();
      },
      () => {
        kept.state = "failed";
        this.#remove(kept);
        this.#retryLater();
      },
    );
    return kept;
  }

  #keep(kept: KeptSession): void {
    this.#kept.push(kept);
    this.#expireLater(kept);
  }

  #expireLater(kept: KeptSession): void {
    if (!kept.isOpen || !this.#kept.includes(kept)) return;
    kept.cancelExpiry = later(this.#options.maxIdleMs, () => {
      this.#remove(kept);
      endUnseen(kept);
    });
  }

  #retryLater(): void {
    if (this.isDisposed || this.#cancelRetry !== undefined) return;
    const delayMs = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures++);
    this.#cancelRetry = later(delayMs, () => {
      this.#cancelRetry = undefined;
      if (performance.now() - this.#lastAskedAt < this.#options.maxIdleMs) this.#openMissing();
    });
  }

  #recover(): void {
    this.#failures = 0;
    this.#openMissing();
  }

  #remove(kept: KeptSession): void {
    kept.cancelExpiry();
    const index = this.#kept.indexOf(kept);
    if (index !== -1) this.#kept.splice(index, 1);
  }
}

async function end({ session, givenUp }: KeptSession): Promise<void> {
  givenUp.abort(new ConfigurationError("The session is not needed any more."));
  const opened = await session.catch(() => undefined);
  await opened?.[Symbol.asyncDispose]();
}

/** Ends a session that no caller has ever seen: what goes wrong with it concerns nobody. */
function endUnseen(kept: KeptSession): void {
  end(kept).catch(() => {});
}

/** Calls back after a time that by itself keeps no process alive, where the runtime can do that; returns what calls it off. */
function later(milliseconds: number, callBack: () => void): () => void {
  const timer: unknown = setTimeout(callBack, milliseconds);
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer as number);
}
