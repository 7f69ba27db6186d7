import type { Executor, ExecutorSession, OpenSessionOptions, Value } from "@codelet/core";
import type { ResolvedContractOptions } from "./contract-options.ts";
import { contractFunctions, contractTools } from "./contract-tools.ts";
import { type DrivenStep, type DriveOptions, driveStep } from "./drive-step.ts";
import { UsedSessions } from "./used-sessions.ts";
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

/** What a case may have from earlier ones: any session that it opens without options, those of `evaluate`, or nothing. */
export type Reuse = "sessions" | "evaluations" | "nothing";

/** The sessions of one run of the suite. */
export class Sandboxes {
  readonly #options: ResolvedContractOptions;
  readonly #used: UsedSessions = new UsedSessions();
  #executor: Executor | undefined;
  #opened = new Set<ExecutorSession>();

  constructor(options: ResolvedContractOptions) {
    this.#options = options;
  }

  get executor(): Executor {
    this.#executor ??= this.#options.create();
    return this.#executor;
  }

  /** For one case. */
  context(reuse: Reuse = "evaluations"): CaseContext {
    const allowed = this.#options.full ? "nothing" : reuse;
    return {
      executor: this.executor,
      options: this.#options,
      open: (options) => this.#open(options, allowed === "sessions"),
      run: (session, code, options) => driveStep(session, code, { tools: contractFunctions, ...options }),
      evaluate: (code, variables) => this.#evaluate(code, variables, allowed !== "nothing"),
      skip: (reason) => {
        throw new SkippedCase(reason);
      },
    };
  }

  /** Ends what a case opened. A session that a gentle case has left in order is kept for the next one. */
  async closeCase(keep: boolean): Promise<void> {
    const opened = this.#opened;
    this.#opened = new Set();
    await Promise.all([...opened].map(async (session) => (keep && (await this.#used.giveBack(session))) || dispose(session)));
  }

  async closeAll(): Promise<void> {
    await this.closeCase(false);
    await Promise.all(this.#used.takeAll().map(dispose));
  }

  async #open(options: OpenSessionOptions | undefined, mayBeUsed: boolean): Promise<ExecutorSession> {
    const isPlain = options === undefined && mayBeUsed;
    const used = isPlain ? this.#used.take() : undefined;
    const session = used ?? (await within(openDeadlineMs, "open()", this.executor.open({ tools: contractTools, ...options })));
    this.#opened.add(session);
    if (isPlain) await this.#used.remember(session);
    return session;
  }

  async #evaluate(code: string, variables: Readonly<Record<string, Value>> | undefined, mayBeUsed: boolean): Promise<Value> {
    const session = await this.#open(undefined, mayBeUsed);
    if (variables !== undefined) await session.bind({ variables });
    const { execution } = await driveStep(session, code, { tools: contractFunctions });
    if (execution.error !== undefined)
      throw new Error(`the code raised ${execution.error.name}: ${execution.error.message}\n${execution.error.traceback ?? ""}`);
    if (await this.#used.giveBack(session)) this.#opened.delete(session);
    return execution.value;
  }
}

function dispose(session: ExecutorSession): Promise<void> {
  return within(disposeDeadlineMs, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
}
