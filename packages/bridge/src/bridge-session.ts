import {
  AbortedError,
  type Advance,
  type CallResult,
  type CodeErrorInfo,
  ConfigurationError,
  type ExecuteOptions,
  ExecutorCrashedError,
  type ExecutorSession,
  ProtocolError,
  type SessionBinding,
  type SessionRef,
} from "@codelet/core";
import { Bindings } from "./bindings.ts";
import { checkFilePath, type FileChunk, readChunks, writeChunks } from "./file-chunks.ts";
import { IdleWatch } from "./idle-watch.ts";
import { inTime } from "./in-time.ts";
import { recordedReadings } from "./readings.ts";
import { type BridgeSessionOptions, checkedMs, type LeftStep, type ResolvedSessionOptions, resolveSessionOptions } from "./session-options.ts";
import { type Step, type StopReason, stopError } from "./step.ts";
import { StepRunner } from "./step-runner.ts";
import type { WorkerExit } from "./worker-channel.ts";
import type { WorkerConnection } from "./worker-connection.ts";
import { WorkerSeat } from "./worker-seat.ts";

const defaultStepTimeoutMs = 30_000;
const leftRuns = "A step that was left still runs: call resume, and take its end from next().";
const lostStep: CodeErrorInfo = { name: "SessionDied", message: "the interpreter ended while no host was there, and its variables are lost" };

/** An executor's session over any worker channel. Rejects like `Executor.open`; nothing is left running then. */
export async function bridgeSession(options: BridgeSessionOptions): Promise<ExecutorSession> {
  const session = new BridgeSession(resolveSessionOptions(options));
  try {
    await session.open();
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return session;
}

class BridgeSession implements ExecutorSession {
  readonly #options: ResolvedSessionOptions;
  readonly #bindings = new Bindings();
  readonly #seat: WorkerSeat;
  readonly #steps: StepRunner;
  readonly #idleWatch: IdleWatch;
  /** Why the session can't be used any more. */
  #failure: Error | undefined;
  #disposed: Promise<void> | undefined;
  /** What happens between two steps. */
  #busyWith: string | undefined;
  readonly snapshot?: () => Promise<SessionRef>;
  readonly reference?: SessionRef;
  readonly lastKey?: string;
  readonly detach?: () => Promise<SessionRef>;
  readonly resume?: (options?: ExecuteOptions) => void;
  /** Whether the worker may hold what the bindings don't: then its end is a loss. */
  #hasState: boolean;
  /** A step that another host left, until this one takes it up or leaves it behind. */
  #left: LeftStep | undefined;

  constructor(options: ResolvedSessionOptions) {
    this.#options = options;
    this.#seat = new WorkerSeat(options, this.#bindings, (worker) => ({
      frames: (frames) => this.#steps.receive(worker(), frames),
      output: (stream, chunk) => this.#steps.addOutput(stream, chunk),
      closed: (exit) => this.#onClosed(exit),
      broken: (error) => this.#fail(error),
    }));
    this.#steps = new StepRunner(options, this.#seat, () => this.#idleWatch.begin());
    this.#idleWatch = new IdleWatch({
      cpuTimeMs: () => this.#seat.current?.channel.cpuTimeMs?.(),
      isIdle: () => this.#steps.current === undefined && this.#busyWith === undefined,
      onBusy: () => this.#endBusyWorker(),
    });
    this.#hasState = options.restored === true || options.left !== undefined;
    const { snapshot } = options;
    if (snapshot !== undefined) this.snapshot = () => this.#snapshot(snapshot);
    if (options.reference !== undefined) this.reference = options.reference;
    if (options.lastKey !== undefined) this.lastKey = options.lastKey;
    const { detach } = options;
    if (detach !== undefined) this.detach = () => this.#detach(detach);
    if (options.left === undefined || options.stateLost === true) return;
    if (options.left.number > 0) this.#left = options.left;
    this.resume = (execute) => this.#resume(execute);
  }

  async open(): Promise<void> {
    const { tools, variables, signal } = this.#options.open;
    this.#bindings.check({ tools, variables });
    this.#bindings.add({ tools, variables });
    const worker = await this.#seat.fill(signal);
    const isBound = tools !== undefined || variables !== undefined;
    if (this.#options.left !== undefined && isBound && this.#left?.isRunning !== true) await this.#inTime(worker.bind("bind", this.#bindings));
  }

  start(code: string, { signal, timeoutMs = defaultStepTimeoutMs, onOutput, replay, key }: ExecuteOptions = {}): void {
    this.#checkIdle();
    if (this.#left?.isRunning) throw new ConfigurationError(leftRuns);
    const limitMs = checkedMs("timeoutMs", timeoutMs, 1);
    const started = { onOutput, key, replay: recordedReadings(replay, this.#options.open.replayable) };
    this.#left = undefined;
    this.#hasState = true;
    const step = this.#steps.create();
    const refusal = this.#refusal(code, signal);
    if (this.#failure !== undefined) step.finish(this.#failure);
    else if (refusal !== undefined) this.#steps.finish(step, { error: refusal });
    if (step.isOver) return;
    this.#steps.listen(signal);
    const worker = this.#seat.current;
    if (worker === undefined) void this.#replaceWorker(step, (fresh) => this.#steps.run(fresh, code, limitMs, started));
    else this.#steps.run(worker, code, limitMs, started);
  }

  #resume({ signal, timeoutMs = defaultStepTimeoutMs, onOutput }: ExecuteOptions = {}): void {
    this.#checkIdle();
    const limitMs = checkedMs("timeoutMs", timeoutMs, 1);
    const left = this.#left;
    if (left === undefined) throw new ConfigurationError("No step was left: call start.");
    this.#left = undefined;
    const step = this.#steps.createLeft(left);
    const worker = this.#seat.current;
    if (this.#failure !== undefined) step.finish(this.#failure);
    else if (worker === undefined) this.#steps.finish(step, { error: lostStep, stateLost: true });
    if (step.isOver || worker === undefined) return;
    this.#steps.listen(signal);
    this.#steps.rejoin(worker, limitMs, onOutput);
    if (signal?.aborted) this.#steps.interrupt("aborted");
  }

  next(): Promise<Advance> {
    return this.#steps.current?.next() ?? Promise.reject(new ConfigurationError("No step is running: call start first."));
  }

  deliver(results: readonly CallResult[]): void {
    this.#checkUsable();
    this.#steps.deliver(results);
  }

  interrupt(reason: StopReason): void {
    this.#steps.interrupt(reason);
  }

  async bind(binding: SessionBinding): Promise<void> {
    await this.#between("bound", async () => {
      this.#bindings.check(binding);
      const added = new Bindings();
      added.add(binding);
      const worker = this.#seat.current;
      if (worker !== undefined) await this.#inTime(worker.bind("bind", added));
      this.#bindings.add(binding);
    });
  }

  async putFile(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    checkFilePath(path);
    await writeChunks(content, (at, chunk) => this.#transfer(path, at, chunk));
  }

  async *getFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    checkFilePath(path);
    yield* readChunks((at) => this.#transfer(path, at));
  }

  #transfer(path: string, at: number, chunk?: Uint8Array): Promise<FileChunk> {
    return this.#between("used for a file", async () => {
      if (this.#left?.isRunning) throw new ConfigurationError(leftRuns);
      this.#hasState = true;
      const worker = await this.#seat.fill();
      return this.#inTime(worker.file(path, at, chunk));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#idleWatch.dispose();
    this.#steps.fail(new AbortedError("The session was disposed of."));
    this.#steps.dispose();
    await this.#seat.dispose();
    await this.#options.release?.();
  }

  #refusal(code: string, signal: AbortSignal | undefined): CodeErrorInfo | undefined {
    const { maxCodeBytes } = this.#options.limits;
    if (signal?.aborted) return stopError("aborted");
    if (code.length * 3 <= maxCodeBytes || Buffer.byteLength(code) <= maxCodeBytes) return undefined;
    return { name: "ValueError", message: `the code has more than ${maxCodeBytes} bytes` };
  }

  // Workers that end

  async #replaceWorker(step: Step, run: (worker: WorkerConnection) => void): Promise<void> {
    try {
      const worker = await this.#seat.fill();
      if (!step.isOver) run(worker);
    } catch (error) {
      this.#fail(new ExecutorCrashedError(`The sandbox ${this.#options.executor} could not be replaced.`, { cause: error }));
    }
  }

  #onClosed(exit: WorkerExit): void {
    const { executor } = this.#options;
    const message = exit.message.replace(/\.$/, "");
    const ended = `The sandbox ${executor} ended: ${message}.`;
    if (exit.failure === "protocol") this.#fail(new ProtocolError(`The sandbox ${executor}: ${message}.`));
    else if (exit.failure === "configuration") this.#fail(new ConfigurationError(ended));
    else if (exit.failure === "executor-crashed") this.#fail(new ExecutorCrashedError(ended));
    else {
      // What a step leaves behind (an alarm, a thread) may end the worker later: the next step gets a new one, and is told.
      if (!this.#steps.endWithWorker(exit) && this.#hasState) this.#steps.loseState();
      void this.#seat.empty();
    }
  }

  /** Code of an earlier step still computes, with nobody to wait for it. */
  #endBusyWorker(): void {
    this.#steps.loseState();
    void this.#seat.empty();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#steps.fail(error);
    void this.#seat.empty();
  }

  // Between steps

  async #detach(detach: () => Promise<SessionRef>): Promise<SessionRef> {
    this.#checkUsable();
    if (this.#busyWith !== undefined) throw new ConfigurationError(`The session is being ${this.#busyWith}: await that first.`);
    if (this.#failure !== undefined) throw this.#failure;
    this.#idleWatch.dispose();
    this.#steps.dispose();
    const detached = detach();
    this.#disposed = detached.then(
      () => this.#steps.fail(new AbortedError("The session was detached.")),
      () => this.#dispose(),
    );
    return detached;
  }

  #snapshot(save: NonNullable<ResolvedSessionOptions["snapshot"]>): Promise<SessionRef> {
    return this.#between("saved", async () => {
      const worker = this.#seat.current;
      if (worker === undefined) throw new ConfigurationError("The session has no worker whose state could be saved.");
      worker.send("snapshot", "");
      return this.#inTime(save(worker.channel));
    });
  }

  /** Nothing else is begun meanwhile; `busyWith` completes "The session is being". */
  async #between<T>(busyWith: string, act: () => Promise<T>): Promise<T> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    this.#busyWith = busyWith;
    try {
      return await act();
    } finally {
      this.#busyWith = undefined;
    }
  }

  /** A worker that doesn't answer between steps is held by what a step left in it: the session is lost. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { executor, readyTimeoutMs } = this.#options;
    const late = (): Error => {
      const error = new ExecutorCrashedError(`The sandbox ${executor} did not answer in ${readyTimeoutMs} ms.`);
      this.#fail(error);
      return error;
    };
    try {
      return await inTime(answer, readyTimeoutMs, late);
    } catch (error) {
      throw this.#disposed === undefined ? error : new AbortedError("The session was disposed of.");
    }
  }

  #checkUsable(): void {
    if (this.#disposed !== undefined) throw new ConfigurationError("The session is disposed of.");
  }

  #checkIdle(): void {
    this.#checkUsable();
    if (this.#steps.current !== undefined) throw new ConfigurationError("A step is running: take its end from next() first.");
    if (this.#busyWith !== undefined) throw new ConfigurationError(`The session is being ${this.#busyWith}: await that first.`);
  }
}
