import { AbortedError } from "./errors.ts";
import type { Executor, ExecutorSession, OpenSessionOptions } from "./executor.ts";

const maxReplacements = 2;

/** The one session of a run: opened ahead while the model thinks, replaced after a crash, closed with the run. */
export class Sandbox implements AsyncDisposable {
  readonly #executor: Executor;
  readonly #options: OpenSessionOptions;
  #opening: Promise<ExecutorSession>;
  #current: ExecutorSession | undefined;
  #replacements = 0;

  constructor(executor: Executor, options: OpenSessionOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#opening = this.#open();
  }

  /** The session, once it is open. Rejects as `Executor.open` does. */
  session(): Promise<ExecutorSession> {
    return this.#opening;
  }

  /** The open session, for the operations of a step. */
  get current(): ExecutorSession {
    if (this.#current === undefined) throw new AbortedError("The sandbox is closed.");
    return this.#current;
  }

  /** Starts over with a fresh session. False when there never was one, or it crashed too often. */
  async replace(): Promise<boolean> {
    if (this.#current === undefined || ++this.#replacements > maxReplacements) return false;
    await this[Symbol.asyncDispose]();
    this.#opening = this.#open();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.#opening.catch(() => undefined);
    this.#current = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  #open(): Promise<ExecutorSession> {
    const opening = this.#executor.open(this.#options).then((session) => {
      this.#current = session;
      return session;
    });
    opening.catch(() => {});
    return opening;
  }
}
