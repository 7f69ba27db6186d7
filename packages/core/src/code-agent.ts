import type { AgentOptions, ResumeOptions, RunOptions, RunResult } from "./agent.ts";
import { AgentEngine } from "./agent-engine.ts";
import { codeKind, resolveCode } from "./code-action.ts";
import type { CodeTags } from "./code-tags.ts";
import type { Conversation } from "./conversation.ts";
import type { AgentDefinition } from "./definition.ts";
import { checkExecutor, type ExecutorChoice, loadExecutor } from "./executor-type.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import { ownOptions, resolveAgent } from "./resolved-agent.ts";
import type { Run } from "./run.ts";
import type { RunScope } from "./run-context.ts";
import type { SavedConversation } from "./saved-conversation.ts";
import type { SuspendedRun } from "./suspension.ts";
import type { PlainValue } from "./value.ts";

/** What a {@link CodeAgent} is made from. */
export type CodeAgentOptions<Output = PlainValue> = AgentOptions<Output> & ExecutorChoice & CodeOptions;

/** What only agents have whose actions are programs. */
export interface CodeOptions {
  /** Modules that code may import, besides harmless ones. A guard, not a boundary. @default every module of the sandbox */
  readonly authorizedImports?: readonly string[] | undefined;
  /** How code stands in the model's text. @default "code": between `<code>` and `</code>` */
  readonly codeTags?: "code" | "markdown" | CodeTags | undefined;
  /** `"structured"` asks for `{thought, code}` by a response schema instead of tags. @default "text" */
  readonly actionFormat?: "text" | "structured" | undefined;
  /** Milliseconds of one program's own time, without waiting for tools. Minimum 1. @default 30_000 */
  readonly stepTimeoutMs?: number | undefined;
}

// biome-ignore format: a table
const codeOptions: Readonly<Record<keyof CodeOptions | keyof ExecutorChoice, true | string>> = {
  codeTags: true, actionFormat: true, stepTimeoutMs: true, authorizedImports: "a list of names",
  executor: true, executorType: "text", executorOptions: "an object",
};

/**
 * An agent whose actions are programs. A definition: immutable, shareable, re-entrant. Throws TypeError when an option is wrong.
 *
 * @example
 * const agent = new CodeAgent({ model, tools: [weather], executorType: "wasm", output: z.number() });
 * const result = await agent.run("How much warmer is it in Tokyo than in Paris?");
 * if (result.state === "success") console.log(result.output);
 */
export class CodeAgent<Output = PlainValue> implements ManagedAgent {
  readonly #options: CodeAgentOptions<Output>;
  readonly #engine: AgentEngine<Output>;

  constructor(options: CodeAgentOptions<Output>) {
    this.#options = ownOptions(options, codeOptions);
    const { executor, executorType, executorOptions, authorizedImports } = this.#options;
    if ((executor === undefined) === (executorType === undefined)) throw new TypeError("Expected exactly one of `executor` and `executorType`");
    if (executor !== undefined) checkExecutor(executor);
    if (executor !== undefined && executorOptions !== undefined) throw new TypeError("Expected `executorOptions` beside an `executorType` only");
    const agent = resolveAgent(this.#options, { kind: "code", executor: executor ?? executorType, authorizedImports });
    const code = resolveCode(this.#options);
    const load = async () => executor ?? loadExecutor(executorType as string, executorOptions);
    this.#engine = new AgentEngine(agent, async () => codeKind(agent, code, await load()));
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
   * Goes on with a suspended run, in the middle of the running code, also in another process. Finished calls and steps are not repeated.
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

  /** Runs that follow each other: memory and sandbox go on from one to the next. */
  conversation(): Conversation<Output> {
    return this.#engine.conversation();
  }

  /** A conversation from what its `save` returned. Rejects with `protocol` when that is damaged. */
  loadConversation(saved: SavedConversation): Promise<Conversation<Output>> {
    return this.#engine.loadConversation(saved);
  }

  /** A changed copy. */
  with(changes: Partial<AgentOptions<Output> & CodeOptions>): CodeAgent<Output> {
    return agentOf({ ...this.#options, ...changes });
  }

  /** The kernel's: a call by a manager. @internal */
  runManaged(task: string, options: RunOptions, scope: RunScope): Promise<RunResult<unknown>> {
    return this.#engine.perform(task, options, scope);
  }
}

/** Apart, since a bundler renames a class that names itself. */
const agentOf = <Output>(options: CodeAgentOptions<Output>): CodeAgent<Output> => new CodeAgent(options);
