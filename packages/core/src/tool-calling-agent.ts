import type { AgentOptions, ResumeOptions, RunOptions, RunResult } from "./agent.ts";
import { AgentEngine } from "./agent-engine.ts";
import type { Conversation } from "./conversation.ts";
import type { AgentDefinition } from "./definition.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import { atLeast } from "./option-checks.ts";
import { ownOptions, resolveAgent } from "./resolved-agent.ts";
import type { Run } from "./run.ts";
import type { RunScope } from "./run-context.ts";
import type { SavedConversation } from "./saved-conversation.ts";
import type { SuspendedRun } from "./suspension.ts";
import type { PlainValue } from "./value.ts";

/** What a {@link ToolCallingAgent} is made from. */
export type ToolCallingAgentOptions<Output = PlainValue> = AgentOptions<Output> & ToolCallingOptions;

/** What only agents have whose actions are the model's own calls. */
export interface ToolCallingOptions {
  /** Calls of one answer that run at the same time. Minimum 1. @default 8 */
  readonly maxParallelCalls?: number | undefined;
}

const defaultMaxParallelCalls = 8;

/**
 * An agent whose actions are the model's own tool calls, as JSON: no sandbox. A definition: immutable, shareable, re-entrant.
 * Throws TypeError when an option is wrong.
 *
 * @example
 * const agent = new ToolCallingAgent({ model, tools: [weather], output: z.number() });
 * const result = await agent.run("How much warmer is it in Tokyo than in Paris?");
 * if (result.state === "success") console.log(result.output);
 */
export class ToolCallingAgent<Output = PlainValue> implements ManagedAgent {
  readonly #options: ToolCallingAgentOptions<Output>;
  readonly #engine: AgentEngine<Output>;

  constructor(options: ToolCallingAgentOptions<Output>) {
    this.#options = ownOptions(options, { maxParallelCalls: true });
    const agent = resolveAgent(this.#options, { kind: "tool-calling", executor: undefined, authorizedImports: undefined });
    const { maxParallelCalls = defaultMaxParallelCalls } = options;
    atLeast(1, "maxParallelCalls", maxParallelCalls);
    this.#engine = new AgentEngine(agent, async () => {
      const { toolCallingKind } = await import("./tool-call-action.ts");
      return toolCallingKind(agent, maxParallelCalls);
    });
  }

  get definition(): AgentDefinition {
    return this.#engine.definition;
  }

  /** Runs a task to its end. Rejects only for the world's faults and ours; the error then carries the run as `error.run`. */
  run(task: string, options?: RunOptions): Promise<RunResult<Output>> {
    return this.#engine.run(task, options);
  }

  /** Starts a task; its events can be read as they come. */
  start(task: string, options?: RunOptions): Run<Output> {
    return this.#engine.start(task, options);
  }

  /**
   * Goes on with a suspended run, also in another process. Finished calls and steps are not repeated.
   * Rejects with `configuration` when this is not the same agent, `protocol` when the state is damaged, `executor-crashed` with
   * `details.retryable` when its sandbox can't be had for now: the state is as good as before then.
   */
  resume(state: SuspendedRun, options?: ResumeOptions): Promise<RunResult<Output>> {
    return this.#engine.resume(state, options);
  }

  /** As `resume`; its events can be read as they come, from the first new one on. */
  startResumed(state: SuspendedRun, options?: ResumeOptions): Run<Output> {
    return this.#engine.startResumed(state, options);
  }

  /** Runs that follow each other: memory goes on from one to the next. */
  conversation(): Conversation<Output> {
    return this.#engine.conversation();
  }

  /** A conversation from what its `save` returned. Rejects with `protocol` when that is damaged. */
  loadConversation(saved: SavedConversation): Promise<Conversation<Output>> {
    return this.#engine.loadConversation(saved);
  }

  /** A changed copy. */
  with(changes: Partial<ToolCallingAgentOptions<Output>>): ToolCallingAgent<Output> {
    return agentOf({ ...this.#options, ...changes });
  }

  /** The kernel's: a call by a manager. @internal */
  runManaged(task: string, options: RunOptions, scope: RunScope): Promise<RunResult<unknown>> {
    return this.#engine.perform(task, options, scope);
  }
}

/** Apart, since a bundler renames a class that names itself. */
const agentOf = <Output>(options: ToolCallingAgentOptions<Output>): ToolCallingAgent<Output> => new ToolCallingAgent(options);
