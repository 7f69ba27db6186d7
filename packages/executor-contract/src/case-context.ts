import type { Executor, ExecutorSession, OpenSessionOptions, Value } from "@codelet/core";
import type { ResolvedContractOptions } from "./contract-options.ts";
import { contractFunctions, contractTools } from "./contract-tools.ts";
import { type DrivenStep, type DriveOptions, driveStep } from "./drive-step.ts";
import { within } from "./within.ts";

/** What a case, and a deviation's `instead`, has at hand. */
export interface CaseContext {
  readonly executor: Executor;
  readonly options: ResolvedContractOptions;
  /** Opens a session with the contract's tools. It is disposed of when the case ends. */
  open(options?: OpenSessionOptions): Promise<ExecutorSession>;
  /** Runs a step with the contract's tools. */
  run(session: ExecutorSession, code: string, options?: DriveOptions): Promise<DrivenStep>;
  /** The value of a step that has to succeed, in a session that harmless cases share. */
  evaluate(code: string, variables?: Readonly<Record<string, Value>>): Promise<Value>;
  /** Ends the case as skipped; the reason is printed and counted. */
  skip(reason: string): never;
}

/** Thrown by {@link CaseContext.skip}. */
export class SkippedCase extends Error {
  override readonly name = "SkippedCase";
}

const openDeadlineMs = 30_000;
const disposeDeadlineMs = 10_000;

/** The sessions of one run of the suite. */
export class Sandboxes {
  readonly #options: ResolvedContractOptions;
  #executor: Executor | undefined;
  #shared: ExecutorSession | undefined;
  #opened: ExecutorSession[] = [];

  constructor(options: ResolvedContractOptions) {
    this.#options = options;
  }

  get executor(): Executor {
    this.#executor ??= this.#options.create();
    return this.#executor;
  }

  context(): CaseContext {
    return {
      executor: this.executor,
      options: this.#options,
      open: (options) => this.#open(options),
      run: (session, code, options) => driveStep(session, code, { tools: contractFunctions, ...options }),
      evaluate: (code, variables) => this.#evaluate(code, variables),
      skip: (reason) => {
        throw new SkippedCase(reason);
      },
    };
  }

  /** Disposes of what a case opened. */
  async closeCase(): Promise<void> {
    const opened = this.#opened;
    this.#opened = [];
    await Promise.all(opened.map(dispose));
  }

  async closeAll(): Promise<void> {
    await this.closeCase();
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared !== undefined) await dispose(shared);
  }

  async #open(options: OpenSessionOptions | undefined): Promise<ExecutorSession> {
    const session = await within(openDeadlineMs, "open()", this.executor.open({ tools: contractTools, ...options }));
    this.#opened.push(session);
    return session;
  }

  async #evaluate(code: string, variables: Readonly<Record<string, Value>> | undefined): Promise<Value> {
    this.#shared ??= await within(openDeadlineMs, "open()", this.executor.open({ tools: contractTools }));
    const session = this.#shared;
    try {
      if (variables !== undefined) await session.bind({ variables });
      const { execution } = await driveStep(session, code, { tools: contractFunctions });
      if (execution.error === undefined) return execution.value;
      throw new Error(`the code raised ${execution.error.name}: ${execution.error.message}\n${execution.error.traceback ?? ""}`);
    } catch (error) {
      this.#shared = undefined; // what is left of it could make the next case fail too
      this.#opened.push(session);
      throw error;
    }
  }
}

function dispose(session: ExecutorSession): Promise<void> {
  return within(disposeDeadlineMs, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
}
