import type { OpenSessionOptions } from "@codelet/core";
import { throwIfAborted, unlessAborted } from "./unless-aborted.ts";

/** How work tells how far it is, and hears that nobody waits for it any more. */
export interface WorkOptions {
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
}

type Waiting = Pick<OpenSessionOptions, "onProgress">;

interface Begun<Result> {
  readonly result: Promise<Result>;
  readonly waiting: Set<Waiting>;
  readonly givenUp: AbortController;
}

/** What sessions that are opened at the same time all need, such as an image: done once for them, and heard of by each. What comes of it is not kept. */
export class SharedWork<Result> {
  readonly #begun = new Map<string, Begun<Result>>();

  /** Begins the work, or waits with those who wait for the same `key` already. Rejects as the work does, and with `aborted`. */
  async join(
    key: string,
    { onProgress, signal }: Pick<OpenSessionOptions, "onProgress" | "signal">,
    work: (options: WorkOptions) => Promise<Result>,
  ): Promise<Result> {
    throwIfAborted(signal);
    const begun = this.#begun.get(key) ?? this.#begin(key, work);
    const own = { onProgress };
    begun.waiting.add(own);
    try {
      return await unlessAborted(signal, begun.result);
    } finally {
      begun.waiting.delete(own);
      if (begun.waiting.size === 0 && signal?.aborted) begun.givenUp.abort();
    }
  }

  #begin(key: string, work: (options: WorkOptions) => Promise<Result>): Begun<Result> {
    const waiting = new Set<Waiting>();
    const givenUp = new AbortController();
    const onProgress = (message: string): void => {
      for (const each of waiting) each.onProgress?.(message);
    };
    const result = Promise.resolve().then(() => work({ onProgress, signal: givenUp.signal }));
    const begun = { result, waiting, givenUp };
    const end = (): void => {
      if (this.#begun.get(key) === begun) this.#begun.delete(key);
    };
    result.then(end, end);
    givenUp.signal.addEventListener("abort", end);
    this.#begun.set(key, begun);
    return begun;
  }
}
