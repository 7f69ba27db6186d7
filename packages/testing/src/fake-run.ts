import {
  type Advance,
  type CallResult,
  type CodeErrorInfo,
  CodeletError,
  type ExecuteOptions,
  type Execution,
  type PlainValue,
  plainValue,
  type RichOutput,
  type ToolSignature,
  type Value,
} from "@codelet/core";
import { AdvanceQueue } from "./advance-queue.ts";
import type { FakeHandler, FakeStep } from "./fake-executor.ts";
import { errorInfo, leaving, namedError, stopInfo } from "./handler-error.ts";
import { OwnTime } from "./own-time.ts";
import type { StepTimer } from "./step-timer.ts";

export interface FakeRunOptions {
  readonly number: number;
  readonly timer: StepTimer;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly maxLogCharacters: number;
  readonly onOutput: ExecuteOptions["onOutput"];
  readonly signal: AbortSignal | undefined;
  /** The step has ended; with the session's error when it died of one. */
  readonly onDone: (run: FakeRun, failure: CodeletError | undefined) => void;
}

interface PendingCall {
  resolve(value: PlainValue): void;
  reject(error: Error): void;
}

/** Thrown by `finalAnswer`, so that the step ends there. */
const finalAnswerGiven = Symbol("final answer");
const noKeywords: Readonly<Record<string, Value>> = Object.freeze({});

/** One step of a fake session. */
export class FakeRun {
  readonly #options: FakeRunOptions;
  readonly #queue = new AdvanceQueue();
  readonly #pending = new Map<string, PendingCall>();
  readonly #outputs: RichOutput[] = [];
  readonly #startedAt: number;
  readonly #time: OwnTime;
  readonly #onAbort = (): void => this.stop("aborted");
  #calls = 0;
  #logs = "";
  #finalAnswer: { readonly value: Value } | undefined;
  #stopping: "timeout" | "aborted" | undefined;
  #endGrace: (() => void) | undefined;
  #controller: AbortController | undefined;
  #isOver = false;
  /** The variables are gone, or in the hands of a handler that could not be stopped. */
  stateLost = false;

  constructor(options: FakeRunOptions) {
    this.#options = options;
    this.#startedAt = options.timer.now();
    this.#time = new OwnTime(options.timer, options.timeoutMs, () => this.stop("timeout"));
  }

  play(handler: FakeHandler, code: string, variables: Record<string, Value>, tools: ReadonlyMap<string, ToolSignature>): void {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.#end(null, stopInfo("aborted"));
      return;
    }
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    try {
      const result = handler(this.#step(code, variables, tools));
      if (!(result instanceof Promise)) {
        this.#end(leaving(result));
        return;
      }
      if (this.#pending.size === 0) this.#time.resume();
      result.then((value) => this.#end(leaving(value))).catch((thrown: unknown) => this.#fail(thrown));
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  next(onTaken: () => void): Promise<Advance> {
    return this.#queue.next(onTaken);
  }

  deliver(results: readonly CallResult[]): void {
    for (const result of results) {
      const call = this.#pending.get(result.id);
      if (call === undefined) continue;
      this.#pending.delete(result.id);
      if ("error" in result) call.reject(namedError(result.error));
      else call.resolve(plainValue(result.value));
      if (this.#pending.size === 0) this.#time.resume();
    }
  }

  /** Settles what is pending with an error, tells the handler, and gives it a little time. */
  stop(reason: "timeout" | "aborted"): void {
    if (this.#isOver || this.#stopping !== undefined) return;
    this.#stopping = reason;
    this.#time.pause();
    this.#endGrace = this.#options.timer.after(this.#options.graceMs, () => {
      this.stateLost = true;
      this.#end(null);
    });
    const ids = [...this.#pending.keys()];
    this.#rejectCalls(namedError(stopInfo(reason)));
    this.#queue.cancel(ids);
  }

  finish(outcome: Execution | CodeletError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#time.pause();
    this.#endGrace?.();
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    const error = outcome instanceof Error ? outcome : undefined;
    if (error !== undefined) this.#rejectCalls(error);
    this.#pending.clear();
    this.#options.onDone(this, error);
    this.#queue.end(outcome);
  }

  #step(code: string, variables: Record<string, Value>, tools: ReadonlyMap<string, ToolSignature>): FakeStep {
    const signal = (): AbortSignal => this.#signal();
    return {
      code,
      variables,
      tools,
      // Made on demand: a controller costs more than the rest of a step.
      get signal() {
        return signal();
      },
      call: (tool, args) =>
        tools.has(tool) ? this.#call(tool, args) : Promise.reject(namedError({ name: "NameError", message: `name '${tool}' is not defined` })),
      print: (text) => this.#print(`${text}\n`),
      display: (output) => {
        this.#outputs.push(output);
      },
      finalAnswer: (value) => {
        this.#finalAnswer ??= { value: leaving(value) };
        throw finalAnswerGiven;
      },
    };
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#stopping !== undefined || this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  }

  #call(tool: string, args: readonly Value[] | Readonly<Record<string, Value>> = []): Promise<PlainValue> {
    if (typeof args !== "object" || args === null)
      return Promise.reject(new TypeError(`Expected the arguments of \`${tool}\` to be a list or an object, got ${args}`));
    if (this.#stopping !== undefined) return Promise.reject(namedError(stopInfo(this.#stopping)));
    if (this.#isOver) return Promise.reject(namedError({ name: "StepEnded", message: "the step has ended" }));
    this.#time.pause();
    const id = `${this.#options.number}.${++this.#calls}`;
    const result = new Promise<PlainValue>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    result.catch(() => {}); // a call that nobody waits for may fail
    const isList = Array.isArray(args);
    this.#queue.addCall({ id, tool, args: isList ? args : [], kwargs: isList ? noKeywords : (args as Readonly<Record<string, Value>>) });
    return result;
  }

  #rejectCalls(error: Error): void {
    for (const call of this.#pending.values()) call.reject(error);
    this.#pending.clear();
    this.#controller?.abort(error);
  }

  #print(text: string): void {
    const { maxLogCharacters, onOutput } = this.#options;
    if (this.#isOver || this.#logs.length > maxLogCharacters) return;
    const left = maxLogCharacters - this.#logs.length;
    const shown = text.length > left ? `${text.slice(0, left)}\n[output capped at ${maxLogCharacters} characters]\n` : text;
    this.#logs += shown;
    onOutput?.({ stream: "stdout", text: shown });
  }

  #fail(thrown: unknown): void {
    if (thrown === finalAnswerGiven) this.#end(null);
    else if (CodeletError.isInstance(thrown) && (thrown.code === "executor-crashed" || thrown.code === "protocol")) this.finish(thrown);
    else this.#end(null, errorInfo(thrown));
  }

  #end(value: Value, error?: CodeErrorInfo): void {
    const stopped = this.#stopping && stopInfo(this.#stopping);
    if (error?.name === "SessionDied") this.stateLost = true;
    this.finish({
      value: stopped === undefined ? value : null,
      logs: this.#logs,
      outputs: this.#outputs,
      finalAnswer: this.#finalAnswer,
      error: stopped ?? error,
      stateLost: this.stateLost,
      durationMs: this.#options.timer.now() - this.#startedAt,
    });
  }
}
