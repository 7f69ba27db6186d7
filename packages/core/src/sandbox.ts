import type { CatchUp, CatchUpSession } from "./catch-up.ts";
import { CodeletError } from "./errors.ts";
import type { Advance, Executor, ExecutorSession, OpenSessionOptions, SessionRef } from "./executor.ts";

const maxReplacements = 2;

/** The one session of a run, or of several that follow each other: opened once it is asked for, replaced after a crash. */
export class Sandbox implements AsyncDisposable {
  readonly executor: Executor;
  /** Of the run that opens it. */
  readonly path: string;
  #options: OpenSessionOptions;
  #bringBack: CatchUp | undefined;
  #opening: Promise<ExecutorSession> | undefined;
  #catchUp: CatchUpSession | undefined;
  #replacements = 0;
  #hasLost = false;

  constructor(executor: Executor, path: string, options: OpenSessionOptions, bringBack?: CatchUp) {
    this.executor = executor;
    this.path = path;
    this.#options = options;
    this.#bringBack = bringBack;
  }

  /** For the next run in the same sandbox: its tools and variables come to those that are there. */
  continue(options: OpenSessionOptions, bringBack?: CatchUp): void {
    this.#options = options;
    this.#bringBack = bringBack;
    this.#replacements = 0;
    this.#opening = this.#opening?.then(
      (session) =>
        session
          .bind({ tools: options.tools, variables: options.variables })
          .then(() => this.#catchUp?.goOn(bringBack?.(this.path, this.executor, options)))
          .then(() => session)
          .catch((error) => this.#openAgain(session, error)),
      // The run before could not open it; this one may.
      () => this.#open(options),
    );
    this.#opening?.catch(() => {});
  }

  /** In the place of a session that was lost since the run before. One that its run can't go on in ends: nobody else has it. */
  async #openAgain(lost: ExecutorSession, error: unknown): Promise<ExecutorSession> {
    this.#hasLost = true;
    if (!CodeletError.isInstance(error, "executor-crashed", "protocol")) return lost[Symbol.asyncDispose]().then(() => Promise.reject(error));
    // Where the journal knows the loss already, what was left alive came after it.
    if (this.#catchUp?.startOver() && this.#bringBack?.(this.path, this.executor, this.#options)) await this.#catchUp.detach();
    await lost[Symbol.asyncDispose]();
    return this.#open({ ...this.#options, restore: undefined });
  }

  /** Whether variables of earlier runs were lost and nobody has been told yet. */
  takeLoss(): boolean {
    const hasLost = this.#hasLost;
    this.#hasLost = false;
    return hasLost;
  }

  /** The session, once it is open. Rejects as `Executor.open` does. */
  session(): Promise<ExecutorSession> {
    this.#opening ??= this.#open(this.#options);
    return this.#opening;
  }

  #open(options: OpenSessionOptions): Promise<ExecutorSession> {
    this.#catchUp = this.#bringBack?.(this.path, this.executor, options);
    return this.#catchUp?.begin() ?? this.executor.open(options);
  }

  /** An advance that the journal has by now. After one that tells of a loss the next program begins in another sandbox. */
  observe(advance: Advance): void {
    if (this.#catchUp?.observe(advance)) this.#opening = undefined;
  }

  async ready(): Promise<void> {
    await this.#catchUp?.ready();
  }

  /** Starts over with a fresh session, for which `bringBack` is asked again. False when there never was one, or it crashed too often. */
  async replace(): Promise<boolean> {
    const opened = await this.opened();
    if (opened === undefined || ++this.#replacements > maxReplacements) return false;
    // What crashed before the run was suspended is lost; the journal goes on without it.
    if (this.#catchUp?.startOver()) return true;
    await this[Symbol.asyncDispose]();
    this.#options = { ...this.#options, restore: undefined };
    return true;
  }

  /** The session, unless it was never asked for or can't be had. */
  async opened(): Promise<ExecutorSession | undefined> {
    return this.#opening?.catch(() => undefined);
  }

  /** How the session is found again later, or its state, between steps; undefined where it can't be. */
  async save(): Promise<SessionRef | undefined> {
    const session = await this.opened();
    return this.#catchUp?.isCutShort ? undefined : (session?.reference ?? (await session?.snapshot?.()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.opened();
    // One that is asked for only now stays known, to whoever ends it later.
    if (session !== undefined) this.#opening = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}
