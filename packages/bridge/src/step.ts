import {
  type Advance,
  type CallResult,
  decodeValue,
  type Execution,
  encodeValue,
  ProtocolError,
  type RichOutput,
  type SandboxCall,
  type Value,
  ValueError,
} from "@codelet/core";
import type { BridgeLimits } from "./bridge-limits.ts";
import { Deadline } from "./deadline.ts";
import { type Deferred, deferred } from "./deferred.ts";
import type { WorkerFrame } from "./worker-frames.ts";

type CallFrame = Extract<WorkerFrame, { t: "call" }>;

export interface StepOptions {
  readonly number: number;
  readonly timeoutMs: number;
  readonly limits: BridgeLimits;
  /** Sends a frame to the worker: type and JSON fields. */
  readonly send: (type: string, fields: string) => void;
  readonly onTimeout: () => void;
  /** The step's end was handed over: the next one may start. */
  readonly onTaken: () => void;
}

/** The host calls of one step, its time and its answer: everything that is gone when the step ends. */
export class Step {
  readonly number: number;
  readonly startedAt: number = performance.now();
  readonly deadline: Deadline;
  readonly outputs: RichOutput[] = [];
  finalAnswer: { readonly value: Value } | undefined;
  /** Why the step is being stopped. */
  stopping: "timeout" | "aborted" | undefined;
  readonly #options: StepOptions;
  /** Calls that the caller works on, by id, and those that wait for their turn. */
  readonly #inFlight = new Map<string, CallFrame>();
  readonly #queued = new Map<string, CallFrame>();
  #queuedBytes = 0;
  #callCount = 0;
  #richBytes = 0;
  #fresh: SandboxCall[] = [];
  #cancelled: string[] = [];
  #outcome: Execution | Error | undefined;
  #waiter: Deferred<Advance> | undefined;

  constructor(options: StepOptions) {
    this.#options = options;
    this.number = options.number;
    this.deadline = new Deadline(options.timeoutMs, options.onTimeout);
  }

  next(): Promise<Advance> {
    if (this.#waiter !== undefined) return this.#waiter.promise;
    const waiter = deferred<Advance>();
    this.#waiter = waiter;
    this.flush();
    return waiter.promise;
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  /** Hands what has happened to who waits for it. */
  flush(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    if (this.#outcome !== undefined) {
      this.#waiter = undefined;
      this.#options.onTaken();
      if (this.#outcome instanceof Error) waiter.reject(this.#outcome);
      else waiter.resolve({ type: "done", execution: this.#outcome });
    } else if (this.#fresh.length > 0 || this.#cancelled.length > 0) {
      this.#waiter = undefined;
      const advance: Advance = { type: "calls", calls: this.#fresh, cancelled: this.#cancelled };
      this.#fresh = [];
      this.#cancelled = [];
      waiter.resolve(advance);
    }
  }

  /** Throws ProtocolError for values that the worker's own encoder would not have made. */
  addCall(frame: CallFrame): void {
    const id = `${this.number}.${++this.#callCount}`;
    if (this.#callCount > this.#options.limits.maxCallsPerStep) {
      return this.#answerError(frame, "LimitError", `this step made more than ${this.#options.limits.maxCallsPerStep} tool calls`);
    }
    if (this.stopping !== undefined) return this.#answerError(frame, ...stopReason(this.stopping));
    this.#decode(frame, id);
    this.deadline.pause();
  }

  #decode(frame: CallFrame, id: string): void {
    if (this.#inFlight.size < this.#options.limits.maxCallsInFlight) {
      this.#inFlight.set(id, frame);
      this.#fresh.push(decodeCall(frame, id, this.#options.limits));
      return;
    }
    this.#queued.set(id, frame);
    if (++this.#queuedBytes > this.#options.limits.maxCallsPerStep) throw new ProtocolError("The sandbox queued more calls than it may make.");
  }

  /** The code gave up on a call. */
  cancelCall(workerCall: number): void {
    for (const [id, frame] of this.#inFlight) if (frame.s === workerCall) return this.#giveUp(id);
    for (const [id, frame] of this.#queued) if (frame.s === workerCall) this.#queued.delete(id);
    this.#resumeWhenIdle();
  }

  #giveUp(id: string): void {
    this.#inFlight.delete(id);
    const unseen = this.#fresh.findIndex((call) => call.id === id);
    if (unseen >= 0) this.#fresh.splice(unseen, 1);
    else this.#cancelled.push(id);
    this.#admit();
    this.#resumeWhenIdle();
  }

  deliver(results: readonly CallResult[]): void {
    for (const result of results) {
      const frame = this.#inFlight.get(result.id);
      if (frame === undefined) continue;
      this.#inFlight.delete(result.id);
      if ("error" in result) this.#answerError(frame, result.error.name, result.error.message);
      else this.#answer(frame, result.value);
    }
    this.#admit();
    this.#resumeWhenIdle();
    this.flush();
  }

  /** Answers everything that is pending with an error and says so to who works on it. */
  settleCalls(reason: "timeout" | "aborted"): void {
    const [name, message] = stopReason(reason);
    for (const frame of this.#queued.values()) this.#answerError(frame, name, message);
    this.#queued.clear();
    for (const [id, frame] of this.#inFlight) {
      this.#answerError(frame, name, message);
      this.#giveUp(id);
    }
    this.flush();
  }

  addRichOutput(data: RichOutput): void {
    const { maxRichParts, maxRichBytes } = this.#options.limits;
    for (const [type, content] of Object.entries(data)) this.#richBytes += type.length + content.length;
    if (this.outputs.length < maxRichParts && this.#richBytes <= maxRichBytes) this.outputs.push(data);
  }

  finish(outcome: Execution | Error): void {
    if (this.#outcome !== undefined) return;
    this.deadline.stop();
    this.#outcome = outcome;
    this.#inFlight.clear();
    this.#queued.clear();
    this.flush();
  }

  #admit(): void {
    for (const [id, frame] of this.#queued) {
      if (this.#inFlight.size >= this.#options.limits.maxCallsInFlight) return;
      this.#queued.delete(id);
      this.#inFlight.set(id, frame);
      this.#fresh.push(decodeCall(frame, id, this.#options.limits));
    }
  }

  #resumeWhenIdle(): void {
    if (this.#inFlight.size === 0 && this.#queued.size === 0 && this.stopping === undefined) this.deadline.resume();
  }

  #answer(frame: CallFrame, value: Value): void {
    const { limits } = this.#options;
    try {
      const json = JSON.stringify(encodeValue(value, limits));
      if (json.length > limits.maxFrameBytes) throw new ValueError(`The result has more than ${limits.maxFrameBytes} bytes.`);
      this.#options.send("result", `,"call":${frame.s},"value":${json}`);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.#answerError(frame, error.name, error.message);
    }
  }

  #answerError(frame: CallFrame, name: string, message: string): void {
    this.#options.send("result", `,"call":${frame.s},"error":${JSON.stringify({ name: String(name), message: String(message) })}`);
  }
}

function decodeCall(frame: CallFrame, id: string, limits: BridgeLimits): SandboxCall {
  return { id, tool: frame.tool, args: frame.args.map((value) => decode(value, limits)), kwargs: decodeKeywords(frame.kwargs, limits) };
}

function decodeKeywords(json: Readonly<Record<string, unknown>>, limits: BridgeLimits): Readonly<Record<string, Value>> {
  const kwargs: Record<string, Value> = Object.create(null);
  for (const name of Object.keys(json)) kwargs[name] = decode(json[name], limits);
  return kwargs;
}

/** A value that the worker's own encoder would not have made is a forged one. */
export function decode(json: unknown, limits: BridgeLimits): Value {
  try {
    return decodeValue(json, limits);
  } catch (error) {
    throw new ProtocolError("The sandbox sent a malformed value.", { cause: error });
  }
}

export function stopReason(reason: "timeout" | "aborted"): [name: string, message: string] {
  return reason === "timeout" ? ["TimeoutError", "the code ran out of time"] : ["AbortError", "the code was stopped"];
}
