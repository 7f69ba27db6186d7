import {
  AbortedError,
  type Advance,
  type CallResult,
  type CodeletError,
  ConfigurationError,
  type ExecuteOptions,
  type ExecutorSession,
  type OpenSessionOptions,
  type SessionBinding,
  type ToolSignature,
  type Value,
} from "@codelet/core";
import type { FakeHandler } from "./fake-executor.ts";
import { FakeRun } from "./fake-run.ts";
import type { StepTimer } from "./step-timer.ts";

export interface FakeSessionOptions {
  readonly handler: FakeHandler;
  readonly timer: StepTimer;
  readonly graceMs: number;
  readonly maxLogCharacters: number;
  readonly open: OpenSessionOptions;
  readonly onDispose: () => void;
}

const defaultTimeoutMs = 30_000;

/** The session of a fake executor: one step after the other. */
export class FakeSession implements ExecutorSession {
  readonly #options: FakeSessionOptions;
  readonly #tools = new Map<string, ToolSignature>();
  #variables: Record<string, Value> = {};
  #run: FakeRun | undefined;
  #steps = 0;
  #failure: CodeletError | undefined;
  #isDisposed = false;

  constructor(options: FakeSessionOptions) {
    this.#options = options;
    this.#add(options.open);
  }

  start(code: string, { signal, timeoutMs = defaultTimeoutMs, onOutput }: ExecuteOptions = {}): void {
    this.#checkIdle();
    if (!(timeoutMs >= 1)) throw new TypeError(`Expected \`timeoutMs\` to be a number >= 1, got \`${timeoutMs}\` (${typeof timeoutMs})`);
    const { handler, timer, graceMs, maxLogCharacters } = this.#options;
    const run = new FakeRun({
      number: ++this.#steps,
      timer,
      timeoutMs,
      graceMs,
      maxLogCharacters,
      onOutput,
      signal,
      onDone: (ended, failure) => this.#end(ended, failure),
    });
    this.#run = run;
    if (this.#failure !== undefined) run.finish(this.#failure);
    else run.play(handler, code, this.#variables, this.#tools);
  }

  next(): Promise<Advance> {
    if (this.#isDisposed) return Promise.reject(disposedError());
    const run = this.#run;
    if (run === undefined) return Promise.reject(new ConfigurationError("No step is running: call start first."));
    return run.next(() => {
      this.#run = undefined;
    });
  }

  deliver(results: readonly CallResult[]): void {
    if (this.#isDisposed) throw disposedError();
    this.#run?.deliver(results);
  }

  interrupt(reason: "timeout" | "aborted"): void {
    this.#run?.stop(reason);
  }

  async bind(binding: SessionBinding): Promise<void> {
    this.#checkIdle();
    if (this.#failure !== undefined) throw this.#failure;
    this.#add(binding);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#run?.finish(new AbortedError("The session was disposed of."));
    this.#options.onDispose();
  }

  #add({ tools = [], variables = {} }: SessionBinding): void {
    for (const tool of tools) this.#tools.set(tool.name, tool);
    Object.assign(this.#variables, variables);
  }

  /** A crash ends the session; the code's own death costs its variables. */
  #end(run: FakeRun, failure: CodeletError | undefined): void {
    this.#failure ??= failure;
    // The old object stays with the handler that may still run.
    if (run.stateLost) this.#variables = {};
  }

  #checkIdle(): void {
    if (this.#isDisposed) throw disposedError();
    if (this.#run !== undefined) throw new ConfigurationError("A step is running: take its end from next() first.");
  }
}

function disposedError(): ConfigurationError {
  return new ConfigurationError("The session is disposed of.");
}
