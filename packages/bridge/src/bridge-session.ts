import {
  AbortedError,
  type Advance,
  baseImports,
  type CallResult,
  type CodeErrorInfo,
  ConfigurationError,
  type ExecuteOptions,
  type Execution,
  ExecutorCrashedError,
  type ExecutorSession,
  type OpenSessionOptions,
  ProtocolError,
  type SessionBinding,
  type SessionRef,
  type ToolSignature,
  type Value,
} from "@codelet/core";
import { type BridgeLimits, resolveBridgeLimits } from "./bridge-limits.ts";
import { deferred } from "./deferred.ts";
import { OutputLog } from "./output-log.ts";
import { decode, Step, stopReason } from "./step.ts";
import type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
import { WorkerConnection } from "./worker-connection.ts";
import type { DoneFrame, WorkerFrame } from "./worker-frames.ts";

export interface BridgeSessionOptions {
  /** Name of the executor, for messages. */
  readonly executor: string;
  /** Starts a worker that runs `pythonRunner`: once at open, and again whenever the code has cost one its life. */
  readonly connect: (options: ConnectOptions) => Promise<WorkerChannel>;
  readonly open?: OpenSessionOptions | undefined;
  readonly limits?: Partial<BridgeLimits> | undefined;
  /** Milliseconds between an interrupt and the kill. Minimum 0. @default 300 */
  readonly graceMs?: number | undefined;
  /** Milliseconds that a new worker may take to answer. Minimum 1. @default 60_000 */
  readonly readyTimeoutMs?: number | undefined;
  /** Whether the first worker comes with the state of an earlier session, so that what is still random in it gets a fresh seed. @default false */
  readonly restored?: boolean | undefined;
  /** Saves the worker's state. It has been told to hold still and goes on when this resolves. */
  readonly snapshot?: ((channel: WorkerChannel) => Promise<SessionRef>) | undefined;
  /** Leaves the worker alive and gives up the connection. */
  readonly detach?: ((channel: WorkerChannel) => Promise<SessionRef>) | undefined;
}

export interface ConnectOptions {
  /** 0 for the session's first worker, then counting up. */
  readonly attempt: number;
  readonly signal?: AbortSignal | undefined;
}

const defaultGraceMs = 300;
const defaultReadyTimeoutMs = 60_000;
const defaultStepTimeoutMs = 30_000;
/** How long a step waits for output that its worker says is still under way. */
const drainTimeoutMs = 1_000;
/** How long a step waits for a killed worker to be gone. */
const killTimeoutMs = 2_000;

/** An executor's session over any {@link WorkerChannel}. Rejects like `Executor.open`; nothing is left running then. */
export async function bridgeSession(options: BridgeSessionOptions): Promise<ExecutorSession> {
  const session = new BridgeSession(options);
  await session.open(options.open?.signal);
  return session;
}

class BridgeSession implements ExecutorSession {
  readonly #options: BridgeSessionOptions;
  readonly #limits: BridgeLimits;
  readonly #graceMs: number;
  readonly #readyTimeoutMs: number;
  readonly #tools = new Map<string, ToolSignature>();
  readonly #variables = new Map<string, Value>();
  readonly #log: OutputLog;
  #connection: WorkerConnection | undefined;
  #attempt = 0;
  #step: Step | undefined;
  #stepNumber = 0;
  /** Why the session can't be used any more. */
  #failure: Error | undefined;
  #disposed: Promise<void> | undefined;
  #busy = false;
  /** A worker was lost between two steps; the next one says so. */
  #stateLost = false;
  #graceTimer: NodeJS.Timeout | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  readonly snapshot?: () => Promise<SessionRef>;
  readonly detach?: () => Promise<SessionRef>;

  constructor(options: BridgeSessionOptions) {
    this.#options = options;
    this.#limits = resolveBridgeLimits(options.limits);
    this.#graceMs = checkedMs("graceMs", options.graceMs ?? defaultGraceMs, 0);
    this.#readyTimeoutMs = checkedMs("readyTimeoutMs", options.readyTimeoutMs ?? defaultReadyTimeoutMs, 1);
    this.#log = new OutputLog(this.#limits.maxOutputBytes);
    this.#remember({ tools: options.open?.tools, variables: options.open?.variables });
    if (options.snapshot !== undefined) this.snapshot = () => this.#save("snapshot");
    if (options.detach !== undefined) this.detach = () => this.#save("detach");
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    this.#connection = await this.#connect(signal);
  }

  start(code: string, options: ExecuteOptions = {}): void {
    this.#checkIdle();
    const { signal, timeoutMs = defaultStepTimeoutMs, onOutput } = options;
    checkedMs("timeoutMs", timeoutMs, 1);
    const step = new Step({
      number: ++this.#stepNumber,
      timeoutMs: Math.min(timeoutMs, 0x7fffffff),
      limits: this.#limits,
      send: (type, fields) => this.#connection?.send(type, fields),
      onTimeout: () => this.#stop(step, "timeout"),
      onTaken: () => {
        this.#step = undefined;
      },
    });
    this.#step = step;
    if (this.#failure !== undefined) return step.finish(this.#failure);
    if (signal?.aborted) return this.#finish(step, { error: errorInfo(stopReason("aborted")) });
    const bytes = Buffer.byteLength(code);
    if (bytes > this.#limits.maxCodeBytes) {
      return this.#finish(step, { error: errorInfo(["ValueError", `the code has ${bytes} bytes, and ${this.#limits.maxCodeBytes} are allowed`]) });
    }
    this.#listen(step, signal);
    const begin = (connection: WorkerConnection): void => {
      const marker = `\u001ecodelet:${Math.random().toString(36).slice(2)}:${step.number}\u001e\n`;
      this.#log.begin(marker, onOutput);
      step.deadline.resume();
      connection.send("exec", `,"id":${step.number},"code":${JSON.stringify(code)},"mark":${JSON.stringify(marker)}`);
    };
    if (this.#connection !== undefined && !this.#connection.ended) return begin(this.#connection);
    void this.#replaceWorker(step, signal, begin);
  }

  next(): Promise<Advance> {
    const step = this.#step;
    if (step === undefined) return Promise.reject(new ConfigurationError("No step is running: call start first."));
    return step.next();
  }

  deliver(results: readonly CallResult[]): void {
    this.#checkUsable();
    this.#step?.deliver(results);
  }

  interrupt(reason: "timeout" | "aborted"): void {
    if (this.#step !== undefined) this.#stop(this.#step, reason);
  }

  async bind(binding: SessionBinding): Promise<void> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    const added = this.#remember(binding);
    this.#busy = true;
    try {
      if (this.#connection !== undefined && !this.#connection.ended) await this.#connection.bind("bind", added);
    } finally {
      this.#busy = false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    this.#clearTimers();
    this.#step?.finish(new AbortedError("The session was disposed of."));
    await this.#connection?.discard();
  }

  // Workers

  async #connect(signal: AbortSignal | undefined): Promise<WorkerConnection> {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    const attempt = this.#attempt++;
    const channel = await this.#options.connect({ attempt, signal });
    const connection: WorkerConnection = new WorkerConnection(channel, this.#limits, {
      frames: (frames) => this.#receive(connection, frames),
      output: (stream, chunk) => this.#log.append(stream, chunk),
      closed: (exit) => this.#lost(exit),
      broken: (error) => this.#fail(error),
    });
    const { promise: given, reject: giveUp } = deferred<never>();
    const onAbort = (): void => giveUp(new AbortedError(signal?.reason));
    const timer = setTimeout(
      () => giveUp(new ExecutorCrashedError(`The sandbox did not answer in ${this.#readyTimeoutMs} ms.`)),
      this.#readyTimeoutMs,
    );
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      if (signal?.aborted) onAbort();
      await Promise.race([connection.bind("open", { tools: this.#tools.values(), variables: this.#variables }, this.#openFields(attempt)), given]);
    } catch (error) {
      await connection.discard();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
    return connection;
  }

  #openFields(attempt: number): string {
    const { maxDepth, maxNodes, maxFrameBytes, maxOutputBytes, maxRichParts, maxRichBytes } = this.#limits;
    const { authorizedImports, seed } = this.#options.open ?? {};
    const limits = {
      depth: maxDepth,
      nodes: maxNodes,
      frame_bytes: maxFrameBytes,
      output_bytes: maxOutputBytes,
      rich_parts: maxRichParts,
      rich_bytes: maxRichBytes,
    };
    const restored = attempt === 0 && this.#options.restored === true;
    const fields = { limits, imports: authorizedImports ?? null, base: baseImports, seed: seed ?? null, restored };
    return `,${JSON.stringify(fields).slice(1, -1)}`;
  }

  async #replaceWorker(step: Step, signal: AbortSignal | undefined, begin: (connection: WorkerConnection) => void): Promise<void> {
    try {
      const connection = await this.#connect(signal);
      if (step.isOver || this.#disposed !== undefined) return await this.#keep(connection);
      this.#connection = connection;
      begin(connection);
    } catch (error) {
      if (step.isOver) return;
      if (error instanceof AbortedError) return this.#finish(step, { error: errorInfo(stopReason("aborted")) });
      this.#failure = new ExecutorCrashedError(`The sandbox ${this.#options.executor} could not be replaced.`, { cause: error });
      step.finish(this.#failure);
    }
  }

  /** A worker that came too late for its step serves the next one. */
  async #keep(connection: WorkerConnection): Promise<void> {
    if (this.#disposed !== undefined) await connection.discard();
    else this.#connection = connection;
  }

  #lost(exit: WorkerExit): void {
    const step = this.#step;
    if (step !== undefined && !step.isOver && exit.carrierLost !== true) {
      this.#connection = undefined;
      const error = step.stopping === undefined ? deathInfo(exit) : errorInfo(stopReason(step.stopping), "; its variables are lost");
      return this.#finish(step, { error, stateLost: true });
    }
    this.#fail(new ExecutorCrashedError(`The sandbox ${this.#options.executor} ended: ${exit.message}.`));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#clearTimers();
    this.#step?.finish(error);
  }

  // Frames

  #receive(connection: WorkerConnection, frames: readonly WorkerFrame[]): void {
    try {
      for (const frame of frames) this.#handle(connection, frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return connection.fail(error);
    }
    this.#step?.flush();
  }

  #handle(connection: WorkerConnection, frame: WorkerFrame): void {
    const step = this.#step;
    if (step === undefined || step.isOver || this.#drainTimer !== undefined) {
      // Threads of the worker may be late by a frame; what is not theirs to be late with is a forgery.
      if (frame.t === "call") connection.send("result", `,"call":${frame.s},"error":{"name":"StepEnded","message":"the step has ended"}`);
      else if (frame.t !== "cancel" && frame.t !== "rich" && frame.t !== "wake")
        throw new ProtocolError(`The sandbox sent ${frame.t} while no step runs.`);
      return;
    }
    switch (frame.t) {
      case "call":
        return step.addCall(frame);
      case "cancel":
        return step.cancelCall(frame.call);
      case "final":
        step.finalAnswer ??= { value: decode(frame.value, this.#limits) };
        return;
      case "rich":
        return step.addRichOutput(frame.data);
      case "wake":
        clearTimeout(this.#wakeTimer);
        this.#wakeTimer = setTimeout(() => connection.send("wake", ""), Math.min(frame.ms, 0x7fffffff));
        return;
      case "done":
        return this.#done(step, frame);
      case "bound":
        throw new ProtocolError("The sandbox answered what it was not asked.");
    }
  }

  #done(step: Step, frame: DoneFrame): void {
    const value = frame.value === undefined ? null : decode(frame.value, this.#limits);
    const error =
      step.stopping !== undefined && frame.interrupted === true ? { ...frame.error, ...errorInfo(stopReason(step.stopping)) } : frame.error;
    const finish = (): void => this.#finish(step, { value, error });
    if (frame.marked === undefined) return finish();
    clearTimeout(this.#graceTimer);
    step.deadline.pause();
    this.#drainTimer = setTimeout(finish, drainTimeoutMs);
    this.#log.whenMarked(frame.marked, finish);
  }

  #finish(step: Step, { value = null, error, stateLost = false }: { value?: Value; error?: CodeErrorInfo | undefined; stateLost?: boolean }): void {
    if (step.isOver) return;
    this.#clearTimers();
    const execution: Execution = {
      value,
      logs: this.#log.end(),
      outputs: step.outputs,
      finalAnswer: step.finalAnswer,
      error,
      stateLost: stateLost || this.#stateLost,
      durationMs: performance.now() - step.startedAt,
    };
    this.#stateLost = false;
    step.finish(execution);
  }

  // Stopping

  #listen(step: Step, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = (): void => this.#stop(step, "aborted");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopListening = () => signal.removeEventListener("abort", onAbort);
  }

  #stop(step: Step, reason: "timeout" | "aborted"): void {
    if (step.isOver || step.stopping !== undefined || this.#drainTimer !== undefined) return;
    step.stopping = reason;
    step.deadline.pause();
    const connection = this.#connection;
    if (connection === undefined || connection.ended) return this.#finish(step, { error: errorInfo(stopReason(reason)) });
    step.settleCalls(reason);
    connection.channel.interrupt();
    this.#graceTimer = setTimeout(() => void this.#kill(step, connection, reason), this.#graceMs);
  }

  async #kill(step: Step, connection: WorkerConnection, reason: "timeout" | "aborted"): Promise<void> {
    this.#connection = undefined;
    const { promise: waited, resolve } = deferred<void>();
    const timer = setTimeout(resolve, killTimeoutMs);
    await Promise.race([connection.discard(), waited]);
    clearTimeout(timer);
    this.#finish(step, { error: errorInfo(stopReason(reason), ", and its variables are lost"), stateLost: true });
  }

  // Saving

  async #save(how: "snapshot" | "detach"): Promise<SessionRef> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    const connection = this.#connection;
    const save = this.#options[how];
    if (connection === undefined || connection.ended || save === undefined)
      throw new ConfigurationError("The session has no worker whose state could be saved.");
    this.#busy = true;
    try {
      if (how === "snapshot") connection.send("snapshot", "");
      return await save(connection.channel);
    } finally {
      this.#busy = false;
    }
  }

  // Checks

  #checkUsable(): void {
    if (this.#disposed !== undefined) throw new ConfigurationError("The session is disposed of.");
  }

  #checkIdle(): void {
    this.#checkUsable();
    if (this.#step !== undefined) throw new ConfigurationError("A step is running: take its end from next() first.");
    if (this.#busy) throw new ConfigurationError("The session is being bound or saved: await that first.");
  }

  /** What is new in a binding; a worker that replaces a lost one gets all of it again. */
  #remember({ tools = [], variables = {} }: SessionBinding): {
    readonly tools: readonly ToolSignature[];
    readonly variables: readonly (readonly [string, Value])[];
  } {
    const entries = Object.entries(variables);
    const names = new Set([...this.#tools.keys(), ...tools.map(({ name }) => name), "final_answer"]);
    for (const [name] of entries) {
      if (!isIdentifier(name)) throw new ConfigurationError(`The variable \`${name}\` is no Python name.`);
      if (names.has(name)) throw new ConfigurationError(`The variable \`${name}\` has the name of a tool.`);
    }
    for (const tool of tools) {
      if (!isIdentifier(tool.name) || tool.name === "final_answer")
        throw new ConfigurationError(`The tool \`${tool.name}\` can't have this name in Python.`);
    }
    for (const tool of tools) this.#tools.set(tool.name, tool);
    for (const [name, value] of entries) this.#variables.set(name, value);
    return { tools, variables: entries };
  }

  #clearTimers(): void {
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#drainTimer);
    clearTimeout(this.#wakeTimer);
    this.#graceTimer = undefined;
    this.#drainTimer = undefined;
    this.#wakeTimer = undefined;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }
}

function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name);
}

function errorInfo([name, message]: readonly [string, string], more = ""): CodeErrorInfo {
  return { name, message: message + more };
}

function deathInfo(exit: WorkerExit): CodeErrorInfo {
  if (exit.memoryExceeded === true) return { name: "MemoryError", message: "the code used more memory than allowed; its variables are lost" };
  return { name: "SessionDied", message: `the code ended the interpreter (${exit.message}); its variables are lost` };
}

function checkedMs(name: string, value: number, minimum: number): number {
  if (typeof value !== "number" || !(value >= minimum))
    throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${String(value)}\` (${typeof value})`);
  return value;
}
