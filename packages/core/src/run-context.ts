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

/** Everything one run has; nothing of it is shared with another run. */
export interface RunContext {
  readonly runId: string;
  readonly agent: ResolvedAgent;
  readonly options: RunOptions;
  readonly agentPath: readonly string[];
  readonly memory: Memory;
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly sandbox: Sandbox;
  /** Aborted by the callers, and by `stop`. */
  readonly signal: AbortSignal;
  /** Aborted by the callers alone. */
  readonly callers: AbortSignal;
  /** Calls of tools that run now, by journal key. */
  readonly calls: Map<string, LiveCall>;
  /** The step that events belong to. */
  step: number | undefined;
  /** What the `model` operation asks. */
  request: ModelRequest;
  emit(body: EventBody): void;
  mayStep(): Promise<void>;
  /** Ends what runs for a reason of ours: a limit, or a failure. */
  stop(reason: unknown): void;
  facts(): Promise<RunBase>;
}

/** Sets up a run; its sandbox starts to open at once. */
export async function createRun(agent: ResolvedAgent, executor: Executor, options: RunOptions, handle: RunHandle): Promise<RunContext> {
  const runId = crypto.randomUUID();
  const stopper = new AbortController();
  const callers = options.signal === undefined ? handle.signal : AbortSignal.any([options.signal, handle.signal]);
  const signal = AbortSignal.any([callers, stopper.signal]);
  const agentPath = [agent.name];
  const memory = new Memory();
  const ledger = new Ledger({ ...agent.limits, maxSteps: options.maxSteps ?? agent.limits.maxSteps }, agent.price);
  for (const name of Object.keys(options.additionalArgs ?? {})) {
    checkName(name);
    if (agent.tools.has(name)) throw new TypeError(`Expected \`additionalArgs\` to have names of their own, got \`${name}\`, which is a tool`);
  }
  let seq = 0;
  const emit = (body: EventBody): void => journal.emit({ seq: ++seq, runId, agentPath, step: run?.step, ...body } as AgentEvent);
  const journal = agent.journal({
    runId,
    emit: handle.emit,
    operations: {
      model: () => callModel(run),
      tool: (key, { idempotencyKey }) => performCall(run, String(key), idempotencyKey),
      advance: () => run.sandbox.current.next(),
    },
  });
  const startedAtMs = await journal.now("start");
  const run: RunContext = {
    runId,
    agent,
    options,
    agentPath,
    memory,
    ledger,
    journal,
    signal,
    callers,
    emit,
    calls: new Map(),
    step: undefined,
    request: { messages: [] },
    mayStep: handle.mayStep,
    stop: (reason) => stopper.abort(reason),
    async facts() {
      return {
        runId,
        steps: memory.steps,
        usage: ledger.usage,
        cost: ledger.cost,
        startedAtMs,
        durationMs: (await journal.now("end")) - startedAtMs,
      };
    },
    sandbox: new Sandbox(executor, {
      tools: [...agent.tools.values()].map(toolSignature),
      variables: options.additionalArgs,
      authorizedImports: agent.authorizedImports,
      seed: runId,
      onProgress: (message) => emit({ type: "sandbox-progress", message }),
      signal,
    }),
  };
  // A sandbox that can't open ends the run at once, before more is spent on the model.
  run.sandbox.session().catch((error) => run.stop(error));
  return run;
}
