import type { Executor, ExecutorSession, OpenSessionOptions } from "./executor.ts";

const maxReplacements = 2;

/** The one session of a run: opened once it is asked for, replaced after a crash, closed with the run. */
export class Sandbox implements AsyncDisposable {
  readonly #executor: Executor;
  readonly #options: OpenSessionOptions;
  #opening: Promise<ExecutorSession> | undefined;
  #replacements = 0;

  constructor(executor: Executor, options: OpenSessionOptions) {
    this.#executor = executor;
    this.#options = options;
  }

  /** The session, once it is open. Rejects as `Executor.open` does. */
  session(): Promise<ExecutorSession> {
    this.#opening ??= this.#executor.open(this.#options);
    return this.#opening;
  }

  /** Starts over with a fresh session. False when there never was one, or it crashed too often. */
  async replace(): Promise<boolean> {
    const opened = await this.#opening?.catch(() => undefined);
    if (opened === undefined || ++this.#replacements > maxReplacements) return false;
    await this[Symbol.asyncDispose]();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}
