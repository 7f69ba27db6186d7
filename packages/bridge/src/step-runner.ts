import { type CallResult, type CodeErrorInfo, type OutputChunk, ProtocolError, type Value } from "@codelet/core";
import { Deadline } from "./deadline.ts";
import { OutputLog } from "./output-log.ts";
import { decodeSandboxValue } from "./pending-calls.ts";
import type { Readings } from "./readings.ts";
import type { LeftStep, ResolvedSessionOptions } from "./session-options.ts";
import { Step, type StepOptions, type StopReason, stopError } from "./step.ts";
import type { WorkerExit } from "./worker-channel.ts";
import type { WorkerConnection } from "./worker-connection.ts";
import type { DoneFrame, WorkerFrame } from "./worker-frames.ts";
import type { WorkerSeat } from "./worker-seat.ts";

/** How long a step waits for output that its worker says is still under way. */
const drainTimeoutMs = 1_000;
/** How long a step waits for a killed worker to be gone. */
const killTimeoutMs = 2_000;
const lostVariables = ", and its variables are lost";

interface StepEnd {
  readonly value?: Value;
  readonly valueText?: string | undefined;
  readonly error?: CodeErrorInfo | undefined;
  readonly stateLost?: boolean;
}

interface StartedWith {
  readonly key: string | undefined;
  readonly onOutput: ((chunk: OutputChunk) => void) | undefined;
  readonly replay: Readings | undefined;
}

/** Runs one step after the other on the session's worker: its frames, its time, its output, its end and how it is stopped. */
export class StepRunner {
  readonly #options: ResolvedSessionOptions;
  readonly #seat: WorkerSeat;
  readonly #onFinished: () => void;
  readonly #stepOptions: StepOptions;
  readonly #log: OutputLog;
  readonly #deadline: Deadline = new Deadline(
    () => this.interrupt("timeout"),
    () => this.#seat.current?.channel.cpuTimeMs?.(),
  );
  #step: Step | undefined;
  #count: number;
  /** A worker was ended between two steps; the next step says so. */
  #stateLost: boolean;
  /** At most one of these is under way: the grace before a kill, the wait for the last output. */
  #stageTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;

  constructor(options: ResolvedSessionOptions, seat: WorkerSeat, onFinished: () => void) {
    this.#options = options;
    this.#seat = seat;
    this.#onFinished = onFinished;
    this.#count = options.left?.number ?? 0;
    this.#stateLost = options.stateLost === true;
    this.#stepOptions = {
      limits: options.limits,
      send: (type, fields) => seat.current?.send(type, fields),
      onTaken: () => {
        this.#step = undefined;
      },
    };
    this.#log = new OutputLog(options.limits.maxOutputBytes, options.markPrefix);
  }

  /** The step whose end has not been handed over yet. */
  get current(): Step | undefined {
    return this.#step;
  }

  create(): Step {
    const step = new Step(++this.#count, this.#stepOptions);
    this.#step = step;
    return step;
  }

  /** The step that another host left, once its worker sends it again. */
  createLeft(left: LeftStep): Step {
    const step = new Step(left.number, this.#stepOptions, left);
    this.#step = step;
    return step;
  }

  listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = (): void => this.interrupt("aborted");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  run(worker: WorkerConnection, code: string, limitMs: number, { onOutput, key, replay }: StartedWith): void {
    this.#log.begin(this.#count, onOutput);
    this.#deadline.start(limitMs);
    const replayed = replay === undefined ? "" : `,"replay":${JSON.stringify(replay)}`;
    const keyed = key === undefined ? "" : `,"key":${JSON.stringify(key)}`;
    worker.send("exec", `,"id":${this.#count},"code":${JSON.stringify(code)}${keyed}${replayed}`);
  }

  rejoin(worker: WorkerConnection, limitMs: number, onOutput: ((chunk: OutputChunk) => void) | undefined): void {
    this.#log.begin(this.#count, onOutput);
    this.#deadline.start(limitMs);
    worker.channel.replayStep?.();
  }

  finish(step: Step, { value = null, valueText, error, stateLost = false }: StepEnd): void {
    if (step.isOver) return;
    this.#clearStage();
    const { outputs, finalAnswer, startedAt } = step;
    const durationMs = performance.now() - startedAt;
    step.finish({ value, valueText, logs: this.#log.end(), outputs, finalAnswer, error, stateLost: stateLost || this.#stateLost, durationMs });
    this.#stateLost = false;
    this.#onFinished();
  }

  /** The session is lost, and the running step with it. */
  fail(error: Error): void {
    this.#clearStage();
    this.#step?.finish(error);
  }

  dispose(): void {
    this.#deadline.dispose();
  }

  deliver(results: readonly CallResult[]): void {
    const step = this.#step;
    if (step === undefined || step.isOver) return;
    this.#inProtocol(this.#seat.current, () => {
      step.calls.deliver(results);
      this.#resumeWithoutCalls(step);
    });
  }

  // Frames

  addOutput(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    this.#log.append(stream, chunk);
  }

  receive(worker: WorkerConnection, frames: readonly WorkerFrame[]): void {
    this.#inProtocol(worker, () => {
      for (const frame of frames) this.#handle(worker, frame);
    });
  }

  /** A worker that has broken the protocol is ended, and the session with it. */
  #inProtocol(worker: WorkerConnection | undefined, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      worker?.fail(error);
      return;
    }
    this.#step?.flush();
  }

  #handle(worker: WorkerConnection, frame: WorkerFrame): void {
    const step = this.#step;
    if (step === undefined || step.isOver || step.isDraining) {
      handleLate(worker, frame);
      return;
    }
    if ((frame.t === "call" || frame.t === "done") && frame.readings !== undefined) this.#addReadings(step, frame.readings);
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
        this.#wakeTimer = setTimeout(() => worker.send("wake", ""), Math.min(frame.ms, 0x7fffffff));
        break;
      case "done":
        this.#onDone(step, frame);
        break;
      default:
        throw new ProtocolError("The sandbox answered what it was not asked.");
    }
  }

  #addReadings(step: Step, readings: Readings): void {
    const { open, left } = this.#options;
    if (open.replayable === true) step.addReadings(readings);
    else if (left === undefined) throw new ProtocolError("The sandbox told readings that it was not asked for."); // else the host before has asked
  }

  #onDone(step: Step, frame: DoneFrame): void {
    const value = frame.value === undefined ? null : decodeSandboxValue(frame.value, this.#options.limits);
    const isStopped = frame.interrupted === true || frame.error !== undefined || step.lostCalls;
    const error = step.stopping !== undefined && isStopped ? { ...frame.error, ...stopError(step.stopping) } : frame.error;
    const finish = (): void => this.finish(step, { value, valueText: frame.text, error });
    if (frame.marked === undefined) {
      finish();
      return;
    }
    step.isDraining = true;
    this.#clearStage();
    this.#stageTimer = setTimeout(finish, drainTimeoutMs);
    this.#log.whenMarked(frame.marked, finish);
  }

  #resumeWithoutCalls(step: Step): void {
    if (step.calls.isEmpty && step.stopping === undefined) this.#deadline.resume();
  }

  // Stopping

  interrupt(reason: StopReason): void {
    const step = this.#step;
    if (step === undefined || step.isOver || step.isDraining || step.stopping !== undefined) return;
    step.stopping = reason;
    this.#deadline.stop();
    const worker = this.#seat.current;
    if (worker === undefined) {
      this.finish(step, { error: stopError(reason) });
      return;
    }
    const { name, message } = stopError(reason);
    step.lostCalls = !step.calls.isEmpty;
    step.calls.settle(name, message);
    step.flush();
    // Twice: the first one may end in a wait of what cleans up, such as for a thread of a pool or for a child process.
    const killAt = performance.now() + this.#options.graceMs;
    worker.channel.interrupt();
    this.#stageTimer = setTimeout(() => {
      worker.channel.interrupt();
      this.#stageTimer = setTimeout(() => void this.#kill(step, reason), Math.max(0, killAt - performance.now()));
    }, this.#options.graceMs / 2);
  }

  async #kill(step: Step, reason: StopReason): Promise<void> {
    const end = (): void => this.finish(step, { error: stopError(reason, lostVariables), stateLost: true });
    this.#stageTimer = setTimeout(end, killTimeoutMs);
    await this.#seat.empty();
    end();
  }

  /** Ends the step whose code has cost the worker its life; false when no step ran. */
  endWithWorker(exit: WorkerExit): boolean {
    const step = this.#step;
    if (step === undefined || step.isOver) return false;
    this.finish(step, { error: step.stopping === undefined ? deathError(exit) : stopError(step.stopping, lostVariables), stateLost: true });
    return true;
  }

  /** The worker was ended between two steps. */
  loseState(): void {
    this.#stateLost = true;
  }

  #clearStage(): void {
    this.#deadline.stop();
    clearTimeout(this.#stageTimer);
    clearTimeout(this.#wakeTimer);
    this.#stopListening?.();
    this.#stopListening = undefined;
  }
}

/** Threads of the worker may be late by a frame; what is not theirs to be late with is a forgery. */
function handleLate(worker: WorkerConnection, frame: WorkerFrame): void {
  if (frame.t === "call") worker.send("result", `,"call":${frame.s},"error":{"name":"StepEnded","message":"the step has ended"}`);
  else if (frame.t !== "cancel" && frame.t !== "rich" && frame.t !== "wake")
    throw new ProtocolError(`The sandbox sent ${frame.t} while no step runs.`);
}

function deathError(exit: WorkerExit): CodeErrorInfo {
  if (exit.memoryExceeded === true) return { name: "MemoryError", message: `the code used more memory than allowed${lostVariables}` };
  return { name: "SessionDied", message: `the code ended the interpreter (${exit.message})${lostVariables}` };
}
