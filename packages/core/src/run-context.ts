import type { RunBase, RunOptions } from "./agent.ts";
import { type LiveCall, performCall } from "./dispatch.ts";
import type { ErrorInfo } from "./errors.ts";
import type { AgentEvent, EventBody, RunState } from "./events.ts";
import type { Executor } from "./executor.ts";
import { callModel } from "./generate.ts";
import { type Journal, type Operations, watchJournal } from "./journal.ts";
import { Ledger } from "./limits.ts";
import { Memory } from "./memory.ts";
import type { ModelRequest } from "./model.ts";
import type { ResolvedAgent } from "./resolved-agent.ts";
import type { RunHandle } from "./run.ts";
import { Sandbox } from "./sandbox.ts";
import { checkVariables, toolSignature } from "./tool.ts";

/** Everything one run has; nothing of it is shared with another run. */
export class RunContext {
  readonly runId: string;
  readonly agent: ResolvedAgent;
  readonly options: RunOptions;
  readonly agentPath: readonly string[];
  readonly memory: Memory = new Memory();
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly sandbox: Sandbox;
  /** Ends what runs for a reason of ours: a limit, or a failure. */
  readonly stopper: AbortController = new AbortController();
  /** Aborted by the callers, and by `stopper`. */
  readonly signal: AbortSignal;
  /** Aborted by the callers alone. */
  readonly callers: AbortSignal;
  /** Calls of tools that run now, by journal key. */
  readonly calls: Map<string, LiveCall> = new Map();
  readonly mayStep: RunHandle["mayStep"];
  /** The step that events belong to. */
  step: number | undefined;
  /** What the `model` operation asks. */
  request: ModelRequest = { messages: [] };
  startedAtMs = 0;
  #lastMs = 0;
  #seq = 0;
  #hasEnded = false;
  #controlFlow: { readonly error: unknown } | undefined;

  constructor(agent: ResolvedAgent, executor: Executor, options: RunOptions, handle: RunHandle) {
    const { signal, additionalArgs = {}, maxSteps = agent.limits.maxSteps } = options;
    const { runId = crypto.randomUUID() } = options;
    if (typeof runId !== "string" || runId === "") throw new TypeError(`Expected \`runId\` to be a text, got \`${runId}\` (${typeof runId})`);
    const variables = checkVariables(additionalArgs, agent.tools);
    this.runId = runId;
    this.agent = agent;
    this.options = options;
    this.agentPath = [agent.name];
    this.mayStep = handle.mayStep;
    this.ledger = new Ledger({ ...agent.limits, maxSteps }, agent.price);
    this.callers = signal === undefined ? handle.signal : AbortSignal.any([signal, handle.signal]);
    this.signal = AbortSignal.any([this.callers, this.stopper.signal]);
    const operations: Operations = {
      model: () => callModel(this),
      tool: (key, { idempotencyKey }) => performCall(this, String(key), idempotencyKey),
      advance: async () => (await this.sandbox.session()).next(),
    };
    const journal = agent.journal({ runId: this.runId, operations, emit: handle.emit });
    this.journal = watchJournal(journal, (error) => {
      this.#controlFlow ??= { error };
    });
    this.sandbox = new Sandbox(executor, {
      tools: [...agent.tools.values()].map(toolSignature),
      variables,
      authorizedImports: agent.authorizedImports,
      // Only a run that may be repeated needs the same randomness again; any other can have a session that was opened before.
      seed: agent.hasOwnJournal ? runId : options.runId,
      onProgress: (message) => this.emit({ type: "sandbox-progress", message }),
      signal: this.signal,
    });
  }

  /** Announces the run and starts to open its sandbox. One that can't open ends the run at once, before more is spent on the model. */
  async begin(task: string): Promise<void> {
    this.startedAtMs = this.#lastMs = await this.journal.now("start");
    this.emit({ type: "run-start", task });
    this.sandbox.session().catch((error) => this.stopper.abort(error));
  }

  /** Closes the sandbox and sends the terminal event. Never rejects: how the run ended matters more. */
  async end(state: RunState, more: { readonly output?: unknown; readonly error?: ErrorInfo }): Promise<RunBase> {
    this.step = undefined;
    await this.sandbox[Symbol.asyncDispose]().catch((failure) => this.emit({ type: "warning", message: `The sandbox did not close: ${failure}` }));
    this.#lastMs = await this.journal.now("end").catch(() => this.#lastMs);
    const { runId, ledger, memory, startedAtMs } = this;
    const { usage, cost } = ledger;
    const durationMs = this.#lastMs - startedAtMs;
    this.emit({ type: "run-end", state, usage, durationMs, ...more });
    this.#hasEnded = true;
    return { runId, steps: memory.steps, usage, cost, startedAtMs, durationMs };
  }

  emit(body: EventBody): void {
    if (this.#hasEnded) return;
    this.journal.emit({ seq: ++this.#seq, runId: this.runId, agentPath: this.agentPath, step: this.step, ...body } as AgentEvent);
  }

  /** Whether the journal itself threw this: never handled, never shown to the model. */
  isControlFlow(error: unknown): boolean {
    return this.#controlFlow !== undefined && this.#controlFlow.error === error;
  }
}
