import { type CallResult, ProtocolError, type SandboxCall, type Value, ValueError } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import type { BridgeLimits } from "./bridge-limits.ts";
import type { LeftStep } from "./session-options.ts";
import type { CallFrame } from "./worker-frames.ts";

const maxErrorChars = 20_000;
/** Of a tool or an argument: a name goes into the records of a run, errors about it included, which outlive the call. */
const maxNameChars = 1_000;

type WaitingCall = Pick<CallFrame, "s" | "bytes" | "parts">;

/** The host calls of one step: handed out up to a number at once, the others in a queue; each is answered exactly once. */
export class PendingCalls {
  readonly #step: number;
  /** Calls that another host has seen keep the numbers that they had there, by their frames' numbers; each is given once. */
  readonly #numbers: Map<string, number>;
  readonly #limits: BridgeLimits;
  readonly #send: (type: string, fields: string) => void;
  /** Without their arguments, which belong to who performs the calls. */
  readonly #handedOut = new Map<string, WaitingCall>();
  readonly #queued = new Map<string, CallFrame>();
  #count: number;
  #bytes = 0;
  #parts = 0;
  #fresh: SandboxCall[] = [];
  #cancelled: string[] = [];

  constructor(step: number, limits: BridgeLimits, send: (type: string, fields: string) => void, left: LeftStep | undefined) {
    this.#step = step;
    this.#numbers = new Map(Object.entries(left?.callNumbers ?? {}));
    this.#count = left?.calls ?? 0;
    this.#limits = limits;
    this.#send = send;
  }

  /** A call is in the queue only while others are handed out. */
  get isEmpty(): boolean {
    return this.#handedOut.size === 0;
  }

  /** Throws ProtocolError for values that the worker's own encoder would not have made. */
  add(frame: CallFrame): void {
    const { maxCallsPerStep, maxCallsInFlight, maxFrameBytes, maxNodes } = this.#limits;
    const number = this.#numbers.get(String(frame.s)) ?? ++this.#count;
    this.#numbers.delete(String(frame.s));
    if (number > maxCallsPerStep) return void this.#refuse(frame, "LimitError", `one step may make ${maxCallsPerStep} tool calls, and this one has`);
    if ([frame.tool, ...Object.keys(frame.kwargs)].some((name) => name.length > maxNameChars))
      return void this.#refuse(frame, "ToolInputError", `a name in the call has more than ${maxNameChars} characters`);
    if (this.#bytes + frame.bytes > maxFrameBytes)
      return void this.#refuse(frame, "LimitError", `the calls that wait hold more than ${maxFrameBytes} bytes`);
    // A value of many small parts takes a hundred times its bytes: one such call may wait, but not many of them.
    if (!this.isEmpty && this.#parts + frame.parts > maxNodes)
      return void this.#refuse(frame, "LimitError", `the calls that wait hold more than ${maxNodes} values`);
    this.#bytes += frame.bytes;
    this.#parts += frame.parts;
    const id = `${this.#step}.${number}`;
    if (this.#handedOut.size < maxCallsInFlight) this.#handOut(id, frame);
    else this.#queued.set(id, frame);
  }

  /** The code gave up on a call. */
  cancel(workerCall: number): void {
    const id = idOf(this.#handedOut, workerCall) ?? idOf(this.#queued, workerCall);
    if (id !== undefined) this.#giveUp(id);
  }

  /** Throws ProtocolError, as `add` does, for a call that now has its turn. */
  deliver(results: readonly CallResult[]): void {
    for (const result of results) {
      const frame = this.#handedOut.get(result.id);
      if (frame === undefined) continue;
      this.#forget(result.id, frame);
      if ("error" in result) this.#refuse(frame, result.error.name, result.error.message);
      else this.#answer(frame, result.value);
    }
    this.#admit();
  }

  /** Answers all with an error and says so to who works on them. */
  settle(name: string, message: string): void {
    for (const frame of [...this.#handedOut.values(), ...this.#queued.values()]) this.#refuse(frame, name, message);
    this.#queued.clear();
    for (const id of this.#handedOut.keys()) this.#giveUp(id);
  }

  refuse(frame: CallFrame, name: string, message: string): void {
    this.#refuse(frame, name, message);
  }

  /** What is new for who performs the calls; calls of a step that is over need not be performed any more. */
  take(isRunning: boolean): { readonly calls: readonly SandboxCall[]; readonly cancelled: readonly string[] } | undefined {
    if (!isRunning) this.#fresh = [];
    if (this.#fresh.length === 0 && this.#cancelled.length === 0) return undefined;
    const taken = { calls: this.#fresh, cancelled: this.#cancelled };
    this.#fresh = [];
    this.#cancelled = [];
    return taken;
  }

  #handOut(id: string, frame: CallFrame): void {
    this.#handedOut.set(id, { s: frame.s, bytes: frame.bytes, parts: frame.parts });
    this.#fresh.push(decodeCall(id, frame, this.#limits));
  }

  #admit(): void {
    for (const [id, frame] of this.#queued) {
      if (this.#handedOut.size >= this.#limits.maxCallsInFlight) return;
      this.#queued.delete(id);
      this.#handOut(id, frame);
    }
  }

  #giveUp(id: string): void {
    const frame = this.#handedOut.get(id) ?? this.#queued.get(id);
    if (frame === undefined) return;
    const wasHandedOut = this.#handedOut.has(id);
    this.#forget(id, frame);
    if (!wasHandedOut) return;
    const unseen = this.#fresh.findIndex((call) => call.id === id);
    if (unseen >= 0) this.#fresh.splice(unseen, 1);
    else this.#cancelled.push(id);
    this.#admit();
  }

  #forget(id: string, call: WaitingCall): void {
    if (!this.#handedOut.delete(id)) this.#queued.delete(id);
    this.#bytes -= call.bytes;
    this.#parts -= call.parts;
  }

  #answer(frame: WaitingCall, value: Value): void {
    try {
      const json = JSON.stringify(encodeValue(value, this.#limits));
      if (json.length > this.#limits.maxFrameBytes) throw new ValueError(`The result has more than ${this.#limits.maxFrameBytes} bytes.`);
      this.#send("result", `,"call":${frame.s},"value":${json}`);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.#refuse(frame, error.name, error.message);
    }
  }

  #refuse(frame: WaitingCall, name: string, message: string): void {
    const error = { name: String(name).slice(0, 200), message: String(message).slice(0, maxErrorChars) };
    this.#send("result", `,"call":${frame.s},"error":${JSON.stringify(error)}`);
  }
}

function idOf(calls: ReadonlyMap<string, WaitingCall>, workerCall: number): string | undefined {
  for (const [id, frame] of calls) if (frame.s === workerCall) return id;
  return undefined;
}

/** All arguments are one value to the limits, as they are to the worker: a forged call of many costs no more than one of one. */
function decodeCall(id: string, frame: CallFrame, limits: BridgeLimits): SandboxCall {
  const names = Object.keys(frame.kwargs);
  const within = { maxDepth: limits.maxDepth + 2, maxNodes: limits.maxNodes + 3 };
  const [args, values] = decodeSandboxValue([frame.args, Object.values(frame.kwargs)], within) as [Value[], Value[]];
  const kwargs: Record<string, Value> = Object.create(null);
  for (const [index, name] of names.entries()) kwargs[name] = values[index] as Value;
  return { id, tool: frame.tool, args, kwargs };
}

/** A value that the worker's own encoder would not have made is a forged one. */
export function decodeSandboxValue(json: unknown, limits: Pick<BridgeLimits, "maxDepth" | "maxNodes">): Value {
  try {
    return decodeValue(json, limits);
  } catch (error) {
    throw new ProtocolError("The sandbox sent a malformed value.", { cause: error });
  }
}
