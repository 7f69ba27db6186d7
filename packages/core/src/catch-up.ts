import { AbortedError, CodeletError, describeThrown, ExecutorCrashedError } from "./errors.ts";
import type { Advance, CallResult, ExecuteOptions, Executor, ExecutorSession, OpenSessionOptions, SessionBinding, SessionRef } from "./executor.ts";
import { endUnneeded, isGone, openOrLeave, SandboxAway, unlessLater } from "./find-sandbox.ts";
import { ReturningCalls, takeUp } from "./found-session.ts";
import { callsOf, type EndOfProgram, endOf, isUnfinished, lastProgram, type RecordedProgram, type RecordedStep } from "./recorded-step.ts";
import { isNotResumed, NotResumed, notResumed, RepeatedCalls, repeatProgram, stopped } from "./repeated-calls.ts";
import type { SandboxRecord } from "./sandbox-record.ts";

/** Brings the sandbox of a run back that was there before, by the run's path; undefined for a new run. */
export type CatchUp = (path: string, executor: Executor, options: OpenSessionOptions) => CatchUpSession | undefined;

export interface CatchUpOptions {
  /** How the live sandbox is found again. */
  readonly restore?: SessionRef | undefined;
  /** Whether a fresh sandbox is opened before anything needs it. @default false */
  readonly opensAtOnce?: boolean | undefined;
  /** Keeps in the journal how the sandbox is found again. */
  readonly record?: SandboxRecord | undefined;
  /** Called where the programs run again in a sandbox that has nothing of the runs before. */
  readonly onFresh?: (() => void) | undefined;
}

/**
 * The session of a run that is resumed. It only notes what the journal knows, until the first thing that it doesn't: then the live sandbox is found again
 * (`restore`), or the programs run again in a fresh one, answered from the journal, and go on from there. Where they do something else than before, or
 * the sandbox is gone, the step ends with an error that says so, before any further effect. Where it only can't be had now, SandboxAway is thrown.
 */
export class CatchUpSession implements ExecutorSession {
  readonly #executor: Executor;
  readonly #options: OpenSessionOptions;
  #restore: SessionRef | undefined;
  readonly #opensAtOnce: boolean;
  readonly #onFresh: (() => void) | undefined;
  #record: SandboxRecord | undefined;
  /** How the journal says that the sandbox is found. */
  #recorded: SessionRef | undefined;
  /** Until it is where it was. */
  #opened: Promise<ExecutorSession> | undefined;
  readonly #steps: RecordedStep[] = [];
  #caughtUp = Promise.withResolvers<ExecutorSession>();
  #isCatchingUp = false;
  #isFound = false;
  #session: ExecutorSession | undefined;
  #lost: string | undefined;
  /** Why the program is to be stopped once it is where it was. */
  #interrupted: "timeout" | "aborted" | undefined;
  #isDetached = false;
  #isDisposed = false;
  #calls = new RepeatedCalls();
  #returning = new ReturningCalls();
  readonly #early: Advance[] = [];

  constructor(executor: Executor, options: OpenSessionOptions, { restore, opensAtOnce = false, record, onFresh }: CatchUpOptions = {}) {
    this.#executor = executor;
    this.#options = options;
    this.#restore = restore;
    this.#opensAtOnce = opensAtOnce;
    this.#record = record;
    this.#onFresh = onFresh;
    this.#caughtUp.promise.catch(() => {});
  }

  /** Resolves with itself. Rejects as `Executor.open` does where it opens at once. */
  async begin(): Promise<ExecutorSession> {
    const open = (): Promise<ExecutorSession> => this.#executor.open(this.#options);
    if (this.#opensAtOnce) this.#opened = open();
    await this.#opened;
    if (this.#record === undefined) return this;
    const { reference, opened } = await this.#record.begin(open);
    this.#recorded = reference;
    this.#opened = opened;
    this.#restore = opened === undefined ? reference : this.#options.restore;
    return this;
  }

  /** For the next run in it: whoever goes on with that one alone finds it by its journal, and knows its programs by their names. */
  async goOn(next: CatchUpSession | undefined): Promise<void> {
    if (this.#record === undefined || next === undefined) return;
    await next.#record?.goOn(this.#session?.reference ?? this.#recorded);
    this.#record = next.#record;
  }

  /** How the sandbox is found again, also when it was not needed since. */
  get reference(): SessionRef | undefined {
    return this.#session === undefined ? this.#restore : this.#session.reference;
  }

  /** Whether its run may have ended before it was found, in the middle of a program. */
  get isCutShort(): boolean {
    return this.#session === undefined && (this.#options.signal?.aborted === true || isUnfinished(this.#steps));
  }

  /** Forgets the programs so far, whose sandbox was replaced; false once it has gone on live, and where the journal knows the one that follows. */
  startOver(): boolean {
    if (this.#isCatchingUp || this.#record !== undefined) return false;
    this.#steps.length = 0;
    return true;
  }

  /** An advance that the journal has by now. True where it tells that the sandbox was lost, and the journal knows the one that follows. */
  observe(advance: Advance): boolean {
    if (this.#session === undefined) this.#last()?.events.push({ advance });
    const { sandbox } = advance as EndOfProgram;
    if (sandbox !== undefined) this.#recorded = sandbox;
    if (sandbox !== undefined && this.#session === undefined) this.#restore = sandbox;
    return this.#record !== undefined && this.#opened === undefined && advance.type === "done" && isNotResumed(advance.execution);
  }

  start(code: string, given: ExecuteOptions = {}): void {
    const options = this.#record === undefined ? given : this.#record.name(given);
    if (this.#lost !== undefined) this.#forget();
    this.#calls = new RepeatedCalls();
    this.#returning = new ReturningCalls();
    this.#interrupted = undefined;
    if (this.#session === undefined) this.#steps.push({ code, options, events: [] });
    else this.#session.start(code, options);
  }

  async next(): Promise<Advance> {
    let session: ExecutorSession;
    try {
      session = await this.#reached();
    } catch (error) {
      if (this.#record !== undefined && CodeletError.isInstance(error, "aborted")) return { type: "done", execution: stopped };
      if (this.#lost === undefined) throw error;
      return { type: "done", execution: notResumed(this.#lost, this.#last()?.events.length !== 0) };
    }
    let advance = this.#early.shift();
    while (advance === undefined) advance = this.#returning.newIn(await session.next(), session);
    // Of the sandbox that it went on in the journal knows nothing yet.
    const followed = this.#record !== undefined && this.#recorded === undefined ? session.reference : undefined;
    return advance.type === "done" ? endOf(advance, followed) : { ...advance, cancelled: advance.cancelled.map((id) => this.#calls.recordedOf(id)) };
  }

  deliver(results: readonly CallResult[]): void {
    if (this.#session === undefined) this.#last()?.events.push({ results });
    else this.#answer(this.#session, results);
  }

  interrupt(reason: "timeout" | "aborted"): void {
    if (this.#session === undefined) this.#interrupted = reason;
    else this.#session.interrupt(reason);
  }

  async bind(binding: SessionBinding): Promise<void> {
    if (this.#session !== undefined) return this.#session.bind(binding);
    if (this.#lost !== undefined) this.#forget();
    if (this.isCutShort) throw new ExecutorCrashedError("The run before ended while it was brought back.");
    this.#steps.push({ binding });
  }

  /** Resolves once the program is where it was: before the next effect. Rejects where it can't be brought back. */
  async ready(): Promise<void> {
    await this.#caughtUp.promise;
  }

  /** Only the first advance that the journal doesn't know needs the sandbox: by then all that it does know is noted. */
  #reached(): Promise<ExecutorSession> {
    if (!this.#isCatchingUp) {
      this.#isCatchingUp = true;
      this.#catchUp().then(this.#caughtUp.resolve, this.#caughtUp.reject);
    }
    return this.#caughtUp.promise;
  }

  /** Nothing where the sandbox has none, or can't be had: the one that the programs run again in, where it was not needed since. */
  async snapshot(): Promise<SessionRef> {
    if (this.#session === undefined && this.#restore !== undefined) return this.#restore;
    const isWanted = this.#executor.capabilities.recovery.snapshot !== false && this.#lost === undefined && this.#steps.length > 0;
    // Whoever needs it next is told why it can't be had.
    const reached = isWanted && !isUnfinished(this.#steps) ? this.#reached().catch(() => this.#reset()) : undefined;
    return (await (this.#session ?? (await reached))?.snapshot?.()) as SessionRef;
  }

  async detach(): Promise<SessionRef> {
    // Nobody would find it, or go on with a program that was stopped.
    if (this.#record !== undefined && (this.#recorded === undefined || this.#record.isStopped)) return undefined as never;
    this.#isDetached = true;
    if (!this.#isCatchingUp) await (await this.#opened)?.detach?.();
    return (await this.#session?.detach?.()) ?? (this.#restore as SessionRef);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    // One that is left alive is let go once it is found.
    const isFoundLater = this.#isDetached && this.#restore !== undefined;
    const session = this.#session ?? (isFoundLater ? undefined : await this.#opened?.catch(() => undefined));
    await session?.[Symbol.asyncDispose]();
    if (this.#isDetached) return;
    const unneeded = session === undefined && !this.#isFound ? this.#restore : undefined;
    this.#restore = undefined;
    const end = async (): Promise<void> => unneeded && endUnneeded(this.#executor, this.#options, unneeded);
    await (this.#record?.end(end) ?? end());
  }

  /** After a loss the next program begins in a fresh sandbox. */
  #forget(): void {
    this.#reset();
    this.#restore = undefined;
    this.#steps.length = 0;
  }

  #reset(): undefined {
    this.#lost = undefined;
    this.#isCatchingUp = false;
    this.#caughtUp = Promise.withResolvers();
    this.#caughtUp.promise.catch(() => {});
  }

  #last(): RecordedProgram | undefined {
    return lastProgram(this.#steps);
  }

  async #catchUp(): Promise<ExecutorSession> {
    try {
      const found = this.#restore === undefined ? undefined : await this.#find(this.#restore);
      const session = found ?? (await this.#repeat());
      if (this.#isDetached && found !== undefined) await session.detach?.();
      if (this.#isDisposed) await session[Symbol.asyncDispose]();
      this.#session = session;
      if (this.#interrupted !== undefined) session.interrupt(this.#interrupted);
      return session;
    } catch (error) {
      if (!(error instanceof NotResumed)) throw error;
      this.#lost = error.message;
      throw new ExecutorCrashedError(`The call was not made, since its program can't go on: ${error.message}`, { cause: error });
    }
  }

  /** The live sandbox, in the middle of its step; undefined when it is gone and its programs can run again. */
  async #find(restore: SessionRef): Promise<ExecutorSession | undefined> {
    let session: ExecutorSession | undefined;
    try {
      const { variables } = this.#options;
      this.#opened ??= openOrLeave(this.#executor, { ...this.#options, variables: undefined, restore });
      session = await this.#opened;
      this.#isFound = true;
      const returning = await takeUp(session, this.#steps, { variables, isSuspended: this.#record === undefined });
      if (returning === undefined) return session;
      const advance = returning.newIn(await session.next(), session);
      if (advance !== undefined) this.#early.push(advance);
      this.#returning = returning;
      this.#session = session;
      for (const event of this.#last()?.events ?? []) if ("results" in event) this.#answer(session, event.results);
      return session;
    } catch (thrown) {
      const error = unlessLater(thrown, this.#isDisposed ? { signal: AbortSignal.abort() } : this.#options);
      if (isGone(error)) this.#restore = this.#recorded = undefined;
      if (error instanceof SandboxAway) await session?.detach?.().catch(() => {});
      await Promise.resolve(session?.[Symbol.asyncDispose]()).catch(() => {});
      if (!isGone(error)) throw error;
      if (this.#executor.capabilities.recovery.replay !== false) return undefined;
      throw new NotResumed(`the sandbox that it ran in is gone (${describeThrown(error).message}).`);
    } finally {
      this.#opened = undefined;
    }
  }

  /** All programs once more, answered from the journal. */
  async #repeat(): Promise<ExecutorSession> {
    const { replay } = this.#executor.capabilities.recovery;
    const isNew = this.#steps.every((step) => "binding" in step || step.events.length === 0);
    if (replay === false && !isNew) throw new NotResumed("its sandbox ended with the process, and this executor can't repeat programs.");
    if (this.#isDisposed) throw new AbortedError(); // nobody would close it
    this.#opened ??= openOrLeave(this.#executor, this.#options);
    const session = await this.#opened;
    if (this.#options.restore === undefined) this.#onFresh?.();
    try {
      for (const step of this.#steps) {
        if ("binding" in step) await session.bind(step.binding);
        else await this.#repeatStep(session, step);
      }
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    } finally {
      this.#opened = undefined;
    }
  }

  async #repeatStep(session: ExecutorSession, step: RecordedProgram): Promise<void> {
    const calls = new RepeatedCalls(callsOf(step));
    this.#calls = calls;
    await repeatProgram(session, step, calls, {
      answer: (results) => this.#answer(session, results),
      // At once, or a result that comes now would be noted for nobody.
      onReached: () => {
        if (step === this.#steps.at(-1)) this.#session = session;
      },
    });
    if (calls.further.length > 0) this.#early.push({ type: "calls", calls: calls.further, cancelled: [] });
  }

  #answer(session: ExecutorSession, results: readonly CallResult[]): void {
    const known = this.#calls.toLive(this.#returning.ready(results), this.#session === undefined);
    if (known.length > 0) session.deliver(known);
  }
}
