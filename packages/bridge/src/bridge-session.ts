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
  type Value,
} from "@codelet/core";
import { Bindings } from "./bindings.ts";
import { Deadline } from "./deadline.ts";
import { IdleWatch } from "./idle-watch.ts";
import { OutputLog } from "./output-log.ts";
import { decodeSandboxValue } from "./pending-calls.ts";
import { type BridgeSessionOptions, checkedMs, type ResolvedSessionOptions, resolveSessionOptions } from "./session-options.ts";
import { Step, type StopReason, stopError } from "./step.ts";
import type { WorkerExit } from "./worker-channel.ts";
import type { WorkerConnection } from "./worker-connection.ts";
import type { DoneFrame, WorkerFrame } from "./worker-frames.ts";
import { WorkerSeat } from "./worker-seat.ts";

const defaultStepTimeoutMs = 30_000;
/** How long a step waits for output that its worker says is still under way. */
const drainTimeoutMs = 1_000;
/** How long a step waits for a killed worker to be gone. */
const killTimeoutMs = 2_000;

/** An executor's session over any worker channel. Rejects like `Executor.open`; nothing is left running then. */
export async function bridgeSession(options: BridgeSessionOptions): Promise<ExecutorSession> {
  const session = new BridgeSession(resolveSessionOptions(options));
  await session.open();
  return session;
}

class BridgeSession implements ExecutorSession {
  readonly #options: ResolvedSessionOptions;
  readonly #bindings = new Bindings();
  readonly #seat: WorkerSeat;
  readonly #log: OutputLog;
  readonly #deadline = new Deadline(() => this.interrupt("timeout"));
  readonly #idleWatch: IdleWatch;
  #step: Step | undefined;
  #stepNumber = 0;
  /** Why the session can't be used any more. */
  #failure: Error | undefined;
  #disposed: Promise<void> | undefined;
  /** What happens between two steps. */
  #busyWith: string | undefined;
  /** A worker was ended between two steps; the next step says so. */
  #stateLost = false;
  /** At most one of these is under way: the grace before a kill, the wait for the last output. */
  #stageTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  readonly snapshot?: () => Promise<SessionRef>;
  readonly detach?: () => Promise<SessionRef>;

  constructor(options: ResolvedSessionOptions) {
    this.#options = options;
    this.#log = new OutputLog(options.limits.maxOutputBytes);
    this.#seat = new WorkerSeat(options, this.#bindings, (connection) => ({
      frames: (frames) => this.#receive(connection(), frames),
      output: (stream, chunk) => this.#log.append(stream, chunk),
      closed: (exit) => this.#onClosed(exit),
      broken: (error) => this.#fail(error),
    }));
    this.#idleWatch = new IdleWatch({
      cpuTimeMs: () => this.#seat.current?.channel.cpuTimeMs?.(),
      isIdle: () => this.#step === undefined && this.#busyWith === undefined,
      onBusy: () => this.#endBusyWorker(),
    });
    if (options.snapshot !== undefined) this.snapshot = () => this.#save("snapshot");
    if (options.detach !== undefined) this.detach = () => this.#save("detach");
  }

  async open(): Promise<void> {
    const { tools, variables, signal } = this.#options.open;
    this.#bindings.check({ tools, variables });
    this.#bindings.add({ tools, variables });
    await this.#seat.fill(signal);
  }

  start(code: string, { signal, timeoutMs = defaultStepTimeoutMs, onOutput }: ExecuteOptions = {}): void {
    this.#checkIdle();
    const limitMs = checkedMs("timeoutMs", timeoutMs, 1);
    const step = this.#createStep();
    const refusal = this.#failure ?? this.#refusal(code, signal);
    if (refusal instanceof Error) step.finish(refusal);
    else if (refusal !== undefined) this.#finish(step, { error: refusal });
    if (step.isOver) return;
    this.#listen(signal);
    const begin = (connection: WorkerConnection): void => {
      const marker = `\u001ecodelet:${Math.random().toString(36).slice(2)}\u001e\n`;
      this.#log.begin(marker, onOutput);
      this.#deadline.start(limitMs);
      connection.send("exec", `,"id":${step.number},"code":${JSON.stringify(code)},"mark":${JSON.stringify(marker)}`);
    };
    const worker = this.#seat.current;
    if (worker === undefined) void this.#replaceWorker(step, begin);
    else begin(worker);
  }

  next(): Promise<Advance> {
    return this.#step?.next() ?? Promise.reject(new ConfigurationError("No step is running: call start first."));
  }

  deliver(results: readonly CallResult[]): void {
    this.#checkUsable();
    const step = this.#step;
    if (step === undefined || step.isOver) return;
    step.calls.deliver(results);
    this.#resumeWithoutCalls(step);
    step.flush();
  }

  interrupt(reason: StopReason): void {
    const step = this.#step;
    if (step === undefined || step.isOver || step.isDraining || step.stopping !== undefined) return;
    step.stopping = reason;
    this.#deadline.pause();
    const worker = this.#seat.current;
    if (worker === undefined) {
      this.#finish(step, { error: stopError(reason) });
      return;
    }
    const { name, message } = stopError(reason);
    step.lostCalls = !step.calls.isEmpty;
    step.calls.settle(name, message);
    step.flush();
    worker.channel.interrupt();
    this.#stageTimer = setTimeout(() => void this.#kill(step, reason), this.#options.graceMs);
  }

  async bind(binding: SessionBinding): Promise<void> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    this.#bindings.check(binding);
    const added = new Bindings();
    added.add(binding);
    this.#busyWith = "bound";
    try {
      await this.#seat.current?.bind("bind", added);
      this.#bindings.add(binding);
    } finally {
      this.#busyWith = undefined;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#clearStage();
    this.#deadline.dispose();
    this.#idleWatch.dispose();
    this.#step?.finish(new AbortedError("The session was disposed of."));
    await this.#seat.dispose();
  }

  // A step's beginning and end

  #createStep(): Step {
    const step = new Step({
      number: ++this.#stepNumber,
      limits: this.#options.limits,
      send: (type, fields) => this.#seat.current?.send(type, fields),
      onTaken: () => {
        this.#step = undefined;
      },
    });
    this.#step = step;
    return step;
  }

  #refusal(code: string, signal: AbortSignal | undefined): CodeErrorInfo | undefined {
    const { maxCodeBytes } = this.#options.limits;
    if (signal?.aborted) return stopError("aborted");
    if (code.length * 3 <= maxCodeBytes || Buffer.byteLength(code) <= maxCodeBytes) return undefined;
    return { name: "ValueError", message: `the code has more than ${maxCodeBytes} bytes` };
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = (): void => this.interrupt("aborted");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  #finish(step: Step, { value = null, error, stateLost = false }: { value?: Value; error?: CodeErrorInfo | undefined; stateLost?: boolean }): void {
    if (step.isOver) return;
    this.#clearStage();
    this.#deadline.pause();
    const { outputs, finalAnswer, startedAt } = step;
    const durationMs = performance.now() - startedAt;
    step.finish({ value, logs: this.#log.end(), outputs, finalAnswer, error, stateLost: stateLost || this.#stateLost, durationMs });
    this.#stateLost = false;
    this.#idleWatch.begin();
  }

  #resumeWithoutCalls(step: Step): void {
    if (step.calls.isEmpty && step.stopping === undefined) this.#deadline.resume();
  }

  // Frames

  #receive(connection: WorkerConnection, frames: readonly WorkerFrame[]): void {
    try {
      for (const frame of frames) this.#handle(connection, frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      connection.fail(error);
      return;
    }
    this.#step?.flush();
  }

  #handle(connection: WorkerConnection, frame: WorkerFrame): void {
    const step = this.#step;
    if (step === undefined || step.isOver || step.isDraining) {
      this.#handleLate(connection, frame);
      return;
    }
    switch (frame.t) {
      case "call":
        if (step.stopping === undefined) step.calls.add(frame);
        else step.calls.refuse(frame, stopError(step.stopping).name, stopError(step.stopping).message);
        if (!step.calls.isEmpty) this.#deadline.pause();
        break;
      case "cancel":
        step.calls.cancel(frame.call);
        this.#resumeWithoutCalls(step);
        break;
      case "final":
        step.finalAnswer ??= { value: decodeSandboxValue(frame.value, this.#options.limits) };
        break;
      case "rich":
        step.addRichOutput(frame.data);
        break;
      case "wake":
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => connection.send("wake", ""), Math.min(frame.ms, 0x7fffffff));
        break;
      case "done":
        this.#onDone(step, frame);
        break;
      default:
        throw new ProtocolError("The sandbox answered what it was not asked.");
    }
  }

  /** Threads of the worker may be late by a frame; what is not theirs to be late with is a forgery. */
  #handleLate(connection: WorkerConnection, frame: WorkerFrame): void {
    if (frame.t === "call") connection.send("result", `,"call":${frame.s},"error":{"name":"StepEnded","message":"the step has ended"}`);
    else if (frame.t !== "cancel" && frame.t !== "rich" && frame.t !== "wake")
      throw new ProtocolError(`The sandbox sent ${frame.t} while no step runs.`);
  }

  #onDone(step: Step, frame: DoneFrame): void {
    const value = frame.value === undefined ? null : decodeSandboxValue(frame.value, this.#options.limits);
    const isStopped = frame.interrupted === true || frame.error !== undefined || step.lostCalls;
    const error = step.stopping !== undefined && isStopped ? { ...frame.error, ...stopError(step.stopping) } : frame.error;
    const finish = (): void => this.#finish(step, { value, error });
    if (frame.marked === undefined) {
      finish();
      return;
    }
    step.isDraining = true;
    this.#clearStage();
    this.#deadline.pause();
    this.#stageTimer = setTimeout(finish, drainTimeoutMs);
    this.#log.whenMarked(frame.marked, finish);
  }

  // Workers that end

  async #replaceWorker(step: Step, begin: (connection: WorkerConnection) => void): Promise<void> {
    try {
      const connection = await this.#seat.fill();
      if (!step.isOver) begin(connection);
    } catch (error) {
      this.#fail(new ExecutorCrashedError(`The sandbox ${this.#options.executor} could not be replaced.`, { cause: error }));
    }
  }

  async #kill(step: Step, reason: StopReason): Promise<void> {
    const gone = this.#seat.empty();
    this.#stageTimer = setTimeout(
      () => this.#finish(step, { error: stopError(reason, ", and its variables are lost"), stateLost: true }),
      killTimeoutMs,
    );
    await gone;
    this.#finish(step, { error: stopError(reason, ", and its variables are lost"), stateLost: true });
  }

  #onClosed(exit: WorkerExit): void {
    const step = this.#step;
    if (exit.protocolBroken === true) {
      this.#fail(new ProtocolError(`The sandbox ${this.#options.executor}: ${exit.message}.`));
      return;
    }
    if (step === undefined || step.isOver || exit.carrierLost === true) {
      this.#fail(new ExecutorCrashedError(`The sandbox ${this.#options.executor} ended: ${exit.message}.`));
      return;
    }
    void this.#seat.empty();
    const error = step.stopping === undefined ? deathError(exit) : stopError(step.stopping, ", and its variables are lost");
    this.#finish(step, { error, stateLost: true });
  }

  /** Code of an earlier step still computes, with nobody to wait for it. */
  #endBusyWorker(): void {
    this.#stateLost = true;
    void this.#seat.empty();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#clearStage();
    this.#deadline.pause();
    void this.#seat.empty();
    this.#step?.finish(error);
  }

  // Between steps

  async #save(how: "snapshot" | "detach"): Promise<SessionRef> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    const worker = this.#seat.current;
    const save = this.#options[how];
    if (worker === undefined || save === undefined) throw new ConfigurationError("The session has no worker whose state could be saved.");
    this.#busyWith = "saved";
    try {
      if (how === "snapshot") worker.send("snapshot", "");
      return await save(worker.channel);
    } finally {
      this.#busyWith = undefined;
    }
  }

  #checkUsable(): void {
    if (this.#disposed !== undefined) throw new ConfigurationError("The session is disposed of.");
  }

  #checkIdle(): void {
    this.#checkUsable();
    if (this.#step !== undefined) throw new ConfigurationError("A step is running: take its end from next() first.");
    if (this.#busyWith !== undefined) throw new ConfigurationError(`The session is being ${this.#busyWith}: await that first.`);
  }

  #clearStage(): void {
    clearTimeout(this.#stageTimer);
    clearTimeout(this.#wakeTimer);
    this.#stageTimer = undefined;
    this.#wakeTimer = undefined;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }
}

function deathError(exit: WorkerExit): CodeErrorInfo {
  if (exit.memoryExceeded === true) return { name: "MemoryError", message: "the code used more memory than allowed, and its variables are lost" };
  return { name: "SessionDied", message: `the code ended the interpreter (${exit.message}), and its variables are lost` };
}
