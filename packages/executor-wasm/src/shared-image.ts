import { AbortedError } from "@codelet/core";
import type { Image } from "./image.ts";

export interface ImageRequest {
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

type MakeImage = (options: { readonly onProgress: (message: string) => void; readonly signal: AbortSignal }) => Promise<Image>;

interface Making {
  readonly image: Promise<Image>;
  readonly listeners: Set<(message: string) => void>;
  readonly givenUp: AbortController;
  waiting: number;
}

/** One image for all sessions of an executor: made for the first that asks, and given up when nobody waits for it any more. */
export class SharedImage {
  readonly #make: MakeImage;
  #making: Making | undefined;

  constructor(make: MakeImage) {
    this.#make = make;
  }

  async get({ onProgress, signal }: ImageRequest): Promise<Image> {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    this.#making ??= this.#start();
    const making = this.#making;
    if (onProgress) making.listeners.add(onProgress);
    making.waiting += 1;
    try {
      return await orAborted(making.image, signal);
    } finally {
      making.waiting -= 1;
      if (onProgress) making.listeners.delete(onProgress);
      if (making.waiting === 0 && signal?.aborted) making.givenUp.abort();
    }
  }

  /** The next session looks at the disk again. */
  forget(): void {
    this.#making = undefined;
  }

  #start(): Making {
    const listeners = new Set<(message: string) => void>();
    const givenUp = new AbortController();
    const onProgress = (message: string): void => {
      for (const listener of listeners) listener(message);
    };
    const image = this.#make({ onProgress, signal: givenUp.signal });
    const making: Making = { image, listeners, givenUp, waiting: 0 };
    givenUp.signal.addEventListener("abort", () => this.#leave(making));
    image.catch(() => this.#leave(making));
    return making;
  }

  #leave(making: Making): void {
    if (this.#making === making) this.forget();
  }
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new AbortedError(signal.reason));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
