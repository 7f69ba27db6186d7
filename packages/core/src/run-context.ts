import type { RunBase, RunOptions } from "./agent.ts";
import { type LiveCall, performCall } from "./dispatch.ts";
import type { AgentEvent, EventBody } from "./events.ts";
import type { Executor } from "./executor.ts";
import { callModel } from "./generate.ts";
import type { Journal } from "./journal.ts";
import { Ledger } from "./limits.ts";
import { Memory } from "./memory.ts";
import type { ModelRequest } from "./model.ts";
import type { ResolvedAgent } from "./resolved-agent.ts";
import type { RunHandle } from "./run.ts";
import { Sandbox } from "./sandbox.ts";
import { checkName, toolSignature } from "./tool.ts";

/** Everything one run has; nothing of it is shared with another run. Its sandbox starts to open at once. */
export class RunContext {
  readonly runId: string = crypto.randomUUID();
  readonly agent: ResolvedAgent;
  readonly options: RunOptions;
  readonly agentPath: readonly string[];
  readonly memory: Memory = new Memory();
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly sandbox: Sandbox;
  /** Aborted by the callers, and by `stop`. */
  readonly signal: AbortSignal;
  /** Aborted by the callers alone. */
  readonly callers: AbortSignal;
  /** Calls of tools that run now, by journal key. */
  readonly calls: Map<string, LiveCall> = new Map();
  /** The step that events belong to. */
  step: number | undefined;
  /** What the `model` operation asks. */
  request: ModelRequest = { messages: [] };
  readonly mayStep: RunHandle["mayStep"];
  readonly #stopper = new AbortController();
  #startedAtMs = 0;
  #seq = 0;

  constructor(agent: ResolvedAgent, executor: Executor, options: RunOptions, handle: RunHandle) {
    const { signal, additionalArgs = {}, maxSteps = agent.limits.maxSteps } = options;
    this.agent = agent;
    this.options = options;
    this.agentPath = [agent.name];
    this.mayStep = handle.mayStep;
    this.ledger = new Ledger({ ...agent.limits, maxSteps }, agent.price);
    this.callers = signal === undefined ? handle.signal : AbortSignal.any([signal, handle.signal]);
    this.signal = AbortSignal.any([this.callers, this.#stopper.signal]);
    for (const name of Object.keys(additionalArgs)) {
      checkName(name);
      if (agent.tools.has(name)) throw new TypeError(`Expected \`additionalArgs\` to have names of their own, got \`${name}\`, which is a tool`);
    }
    const operations = {
      model: () => callModel(this),
      tool: (key: unknown, { idempotencyKey }: { readonly idempotencyKey: string }) => performCall(this, String(key), idempotencyKey),
      advance: () => this.sandbox.current.next(),
    };
    this.journal = agent.journal({ runId: this.runId, operations, emit: handle.emit });
    this.sandbox = new Sandbox(executor, {
      tools: [...agent.tools.values()].map(toolSignature),
      variables: additionalArgs,
      authorizedImports: agent.authorizedImports,
      seed: this.runId,
      onProgress: (message) => this.emit({ type: "sandbox-progress", message }),
      signal: this.signal,
    });
    // A sandbox that can't open ends the run at once, before more is spent on the model.
    this.sandbox.session().catch((error) => this.stop(error));
  }

  async begin(task: string): Promise<void> {
    this.#startedAtMs = await this.journal.now("start");
    this.emit({ type: "run-start", task });
  }

  emit(body: EventBody): void {
    this.journal.emit({ seq: ++this.#seq, runId: this.runId, agentPath: this.agentPath, step: this.step, ...body } as AgentEvent);
  }

  /** Ends what runs for a reason of ours: a limit, or a failure. */
  stop(reason: unknown): void {
    this.#stopper.abort(reason);
  }

  async facts(): Promise<RunBase> {
    const { runId, ledger, memory } = this;
    const startedAtMs = this.#startedAtMs;
    return {
      runId,
      steps: memory.steps,
      usage: ledger.usage,
      cost: ledger.cost,
      startedAtMs,
      durationMs: (await this.journal.now("end")) - startedAtMs,
    };
  }
}
