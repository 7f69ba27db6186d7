import type { RunBase, RunOptions } from "./agent.ts";
import type { AgentEvent, Ending, EventBody, RunState } from "./events.ts";
import type { Executor, OpenSessionOptions, SessionRef } from "./executor.ts";
import { errorOf, type Journal, memoryJournal, type OperationContext, type OperationName, type Outcome, watchJournal } from "./journal.ts";
import { Ledger, type Spent } from "./limits.ts";
import { Memory } from "./memory.ts";
import { atLeast, checkOptions, type KnownOptions } from "./option-checks.ts";
import type { Approval, Exposure } from "./policy.ts";
import type { ActionKind, ResolvedAgent } from "./resolved-agent.ts";
import type { RunHandle } from "./run.ts";
import { Sandbox } from "./sandbox.ts";
import type { LastPrompt } from "./step-callbacks.ts";
import type { Continuation } from "./suspension.ts";
import { checkVariables, toolSignature } from "./tool.ts";
import type { Json, Value } from "./value.ts";

/** What a run goes on with and leaves to the next one: of a conversation, or of a managed agent that keeps its memory. */
export interface Thread {
  readonly memory: Memory;
  sandbox?: Sandbox | undefined;
  /** Values that tools returned and the model knows by name. */
  readonly values: Map<string, Value>;
  readonly exposure: Exposure;
  /** How a sandbox of before is found again. */
  restore?: SessionRef | undefined;
  /** What the next task has to tell of what was lost. */
  note?: string | undefined;
  /** Id of the run that was suspended last, until another one begins. */
  left?: string | undefined;
  /** Nobody wants its sandbox any more, also not the one that a run opens later. */
  isDisposed?: boolean | undefined;
}

export function newThread(exposure: Exposure = { untrusted: new Set() }): Thread {
  return { memory: new Memory(), values: new Map(), exposure };
}

/** Where a run belongs. */
export interface RunScope {
  readonly handle: RunHandle;
  /** Of a managed agent: its manager's run, and the key, the signal and the ledger of the call. */
  readonly parent?: { readonly run: RunContext; readonly key: string; readonly signal: AbortSignal; readonly ledger: Ledger } | undefined;
  /** @default one of its own, which ends with the run */
  readonly thread?: Thread | undefined;
  /** Of a run that may have to go on later, or has gone on. */
  readonly continuation?: Continuation | undefined;
}

// biome-ignore format: a table
const runOptions: KnownOptions<RunOptions> = {
  signal: "an AbortSignal", context: true, maxSteps: true, additionalArgs: "an object", images: "a list", attachments: "a list",
  memory: true, runId: true, approve: "a function",
};

/** Everything one run has; nothing of it is shared with another run but with its managers, through `root`. */
export class RunContext {
  readonly runId: string;
  readonly agent: ResolvedAgent;
  readonly kind: ActionKind;
  readonly options: RunOptions;
  /** Of the sandbox, as values. */
  readonly variables: Readonly<Record<string, Value>>;
  readonly scope: RunScope;
  readonly maxSteps: number;
  readonly agentPath: readonly string[];
  /** Before every key of this run in the journal of the whole tree. */
  readonly path: string;
  readonly root: RunContext;
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly thread: Thread;
  readonly memory: Memory;
  readonly exposure: Exposure;
  /** Ends what runs for a reason of ours: a limit, or a failure. */
  readonly stopper: AbortController = new AbortController();
  /** Aborted by the callers, and by `stopper`. */
  readonly signal: AbortSignal;
  /** Aborted by the callers alone. */
  readonly callers: AbortSignal;
  /** Calls that wait for a decision, by path; of the root. */
  readonly pending: Map<string, Approval> = new Map();
  /** How sandboxes are found again that were left alive, by the path of their run; of the root. */
  readonly sandboxes: Map<string, SessionRef> = new Map();
  /** Managed agents that keep their memory, by name. */
  readonly managed: Map<string, { readonly thread: Thread; idle: Promise<unknown> }> = new Map();
  /** What the model was asked last, for the compactor. */
  lastPrompt: LastPrompt | undefined;
  /** The step that events belong to. */
  step: number | undefined;
  startedAtMs: number = Date.now();
  readonly #work: Map<string, (context: OperationContext) => Promise<unknown>> = new Map();
  #lastMs: number = this.startedAtMs;
  #seq = 0;
  /** With its terminal event. */
  hasEnded = false;
  readonly #thrownByJournal: Set<unknown> = new Set();

  constructor(kind: ActionKind, options: RunOptions, scope: RunScope) {
    checkOptions("run", options, runOptions);
    const { agent, executor } = kind;
    const { parent, handle, continuation } = scope;
    const { name, budget, price } = agent.definition;
    const { runId = crypto.randomUUID(), signal, additionalArgs = {}, maxSteps = agent.definition.maxSteps } = options;
    if (typeof runId !== "string" || runId === "") throw new TypeError(`Expected \`runId\` to be a text, got \`${runId}\` (${typeof runId})`);
    this.variables = checkVariables(additionalArgs, agent.callable);
    atLeast(1, "maxSteps", maxSteps);
    this.runId = parent?.run.runId ?? runId;
    this.agent = agent;
    this.kind = kind;
    this.options = options;
    this.scope = scope;
    this.maxSteps = maxSteps;
    this.root = parent?.run.root ?? this;
    this.agentPath = [...(parent?.run.agentPath ?? []), name];
    this.path = parent === undefined ? "" : `${parent.run.path}${parent.key}/`;
    this.ledger = new Ledger(budget, price, parent?.ledger);
    this.callers = AbortSignal.any([signal, parent?.signal, handle.signal, continuation?.stops?.signal].filter((each) => each !== undefined));
    this.signal = AbortSignal.any([this.callers, this.stopper.signal]);
    this.thread = scope.thread ?? newThread(parent?.run.exposure);
    this.memory = this.thread.memory;
    this.exposure = this.thread.exposure;
    this.journal = watchJournal(parent?.run.journal.child(parent.key) ?? this.#open(), this.#thrownByJournal);
    if (executor !== undefined) this.#openSandbox(executor);
    else for (const [name, value] of Object.entries(this.variables)) this.thread.values.set(name, value);
  }

  #openSandbox(executor: Executor): void {
    const { agent, thread, root, path, variables } = this;
    const { continuation } = root.scope;
    // Also where this run asks at once, the next of its conversation may have to wait.
    const mayRepeat = continuation !== undefined || (root.scope.thread !== undefined && root.agent.definition.maySuspend);
    const options: OpenSessionOptions = {
      restore: thread.restore,
      tools: [...agent.callable.values()].map(toolSignature),
      variables,
      authorizedImports: agent.definition.authorizedImports,
      // Only a run that may be repeated needs the same randomness again; any other can have a session that was opened before.
      seed: mayRepeat || root.options.runId !== undefined ? this.runId + path : undefined,
      replayable: (mayRepeat && executor.capabilities.recovery.replay !== false) || undefined,
      onProgress: (message) => this.emit({ type: "sandbox-progress", message }),
      signal: this.signal,
    };
    const bringBack = continuation?.bringBack?.(this);
    thread.sandbox?.continue(options, bringBack);
    thread.sandbox ??= new Sandbox(executor, path, options, bringBack);
  }

  #open(): Journal {
    const { continuation, handle } = this.scope;
    const journal = continuation?.journal ?? memoryJournal();
    const perform = (path: Json, context: OperationContext): Promise<unknown> => {
      const work = this.#work.get(String(path));
      return work === undefined ? Promise.reject(new Error(`Nothing waits for ${path}.`)) : work(context);
    };
    const operations = { model: perform, tool: perform, advance: perform, policy: perform, hook: perform, sandbox: perform, usage: perform };
    return journal({ runId: this.runId, operations, emit: handle.emit });
  }

  /** One operation through the journal, which does the work unless it knows the outcome. */
  async operate<T>(key: string, operation: OperationName, work: (context: OperationContext) => Promise<T>): Promise<Outcome<T>> {
    const path = this.path + key;
    const stops = this.root.scope.continuation?.stops;
    this.root.#work.set(path, stops?.record(this, key, operation, work) ?? work);
    const outcome = await this.journal.call<T>(key, operation, path).finally(() => this.root.#work.delete(path));
    return stops?.apply(this, operation, outcome) ?? outcome;
  }

  /** Counts what comes next. Where there is no room, a journal of the user's may know that there was: other agents were slower then. Throws LimitError. */
  async spend(name: keyof Spent, key: string, check = (): unknown => this.ledger.check(name)): Promise<void> {
    try {
      check();
    } catch (limit) {
      await (this.root.scope.continuation?.stops?.refuse(this, name, key, limit) ?? Promise.reject(limit));
    }
    this.ledger.add({ [name]: 1 });
  }

  /** Which settles first. What the journal throws is no outcome: a run that goes on by it would wait for that call alone. */
  pick(key: string, candidates: readonly Promise<unknown>[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const outcomes = candidates.map((each) => each.catch((error) => this.isControlFlow(error) && new Promise(() => reject(error))));
      this.journal.pick(key, outcomes).then(resolve, reject);
    });
  }

  /** Announces the run and starts to open its sandbox. One that can't open ends the run at once, before more is spent on the model. */
  async begin(task: string): Promise<void> {
    this.emit({ type: this.root === this ? "run-start" : "agent-start", task });
    this.startedAtMs = this.#lastMs = await this.journal.now("start");
    this.thread.sandbox?.session().catch((error) => this.stopper.abort(error));
  }

  /** Milliseconds that the run has worked until then, or since another time: those in which it was suspended don't count. */
  activeMs(toMs: number, fromMs: number = this.startedAtMs): number {
    return toMs - fromMs - (this.root.scope.continuation?.pausedMs?.(fromMs, toMs) ?? 0);
  }

  /** Before the first effect of a run that is resumed: its sandboxes, and those of its managers, are where they were. Else nothing. */
  async ready(): Promise<void> {
    await this.scope.parent?.run.ready();
    await this.thread.sandbox?.ready();
  }

  /** Closes what ends with the run and sends the terminal event. Never rejects: how the run ended matters more. */
  async end(state: RunState, more: Partial<Pick<Ending, "limit" | "output" | "text" | "error">>): Promise<RunBase> {
    this.step = undefined;
    const threads = [...this.managed.values()].map(({ thread }) => thread);
    if (this.scope.thread === undefined || this.thread.isDisposed || state === "suspended") threads.push(this.thread);
    const { continuation } = this.root.scope;
    for (const { sandbox } of threads) {
      const closing = sandbox && (continuation?.leave(this, sandbox, state, more) ?? sandbox[Symbol.asyncDispose]());
      await closing?.catch((failure) => this.emit({ type: "warning", message: `The sandbox did not close: ${failure}` }));
    }
    await continuation?.settle?.(this, state);
    // A run that is left doesn't end in its journal.
    this.#lastMs = state === "suspended" || this.isLeft ? Date.now() : await this.journal.now("end").catch(() => this.#lastMs);
    const { runId, memory, startedAtMs } = this;
    const { usage, spent } = this.ledger;
    const durationMs = this.activeMs(this.#lastMs);
    this.emit({ type: this.root === this ? "run-end" : "agent-end", state, usage, costUsd: spent.costUsd, durationMs, ...more });
    this.hasEnded = true;
    return { runId, steps: memory.fullSteps(), usage, costUsd: spent.costUsd, startedAtMs, durationMs };
  }

  emit(body: EventBody): void {
    if (this.hasEnded || this.root.hasEnded) return;
    const { runId, agentPath, path, step, root } = this;
    this.journal.emit({ seq: ++root.#seq, runId, agentPath, callPath: path || undefined, step, ...body } as AgentEvent);
  }

  /** The value of an operation that must not fail. */
  valueOf<T>(outcome: Outcome<T>): T {
    if ("value" in outcome) return outcome.value;
    throw errorOf(outcome.error);
  }

  /** Whether the journal has thrown: what is cut short by that has not ended. */
  get isLeft(): boolean {
    return this.#thrownByJournal.size > 0;
  }

  /** Whether the journal itself threw this: never handled, never shown to the model. */
  isControlFlow(error: unknown): boolean {
    return this.#thrownByJournal.has(error);
  }
}
