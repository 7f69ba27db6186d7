import type { AgentOptions, RunOptions, RunResult } from "./agent.ts";
import type { Executor } from "./executor.ts";
import { type ExecutorChoice, loadExecutor } from "./executor-type.ts";
import type { CodeTags } from "./parse-code.ts";
import { performRun } from "./perform-run.ts";
import type { Prompts } from "./prompts/prompts.ts";
import { type ResolvedAgent, resolveAgent } from "./resolved-agent.ts";
import { Run, type RunHandle } from "./run.ts";
import type { PlainValue } from "./value.ts";

export type CodeAgentOptions<Output = PlainValue> = AgentOptions<Output> & ExecutorChoice & CodeOptions;

export interface CodeOptions {
  /** Modules that code may import, besides harmless ones. A guard, not a boundary. @default every module of the sandbox */
  readonly authorizedImports?: readonly string[] | undefined;
  /** How code stands in the model's text. @default "code": between `<code>` and `</code>` */
  readonly codeTags?: "code" | "markdown" | CodeTags | undefined;
  /** `"structured"` asks for `{thought, code}` by a response schema instead of tags. @default "text" */
  readonly actionFormat?: "text" | "structured" | undefined;
  /** Milliseconds of one program's own time, without waiting for tools. Minimum 1. @default 30_000 */
  readonly stepTimeoutMs?: number | undefined;
  /** Replaces texts of the kernel. */
  readonly prompts?: Partial<Prompts> | undefined;
}

/**
 * An agent whose actions are programs. A definition: immutable, shareable, re-entrant. Throws TypeError when an option is wrong.
 *
 * @example
 * const agent = new CodeAgent({ model, tools: [weather], executorType: "wasm", output: z.number() });
 * const result = await agent.run("How much warmer is it in Tokyo than in Paris?");
 * if (result.state === "success") console.log(result.output);
 */
export class CodeAgent<Output = PlainValue> {
  readonly #options: CodeAgentOptions<Output>;
  #resolved: Promise<readonly [ResolvedAgent, Executor]> | undefined;

  constructor(options: CodeAgentOptions<Output>) {
    this.#options = { ...options, tools: [...(options.tools ?? [])] };
    const { executor } = this.#options;
    const agent = resolveAgent(this.#options, executor?.language ?? "python");
    if (executor !== undefined) this.#resolved = Promise.resolve([agent, executor]);
  }

  /** Runs a task to its end. Rejects only for the world's faults and ours; the error then carries the run as `error.run`. */
  run(task: string, options: RunOptions = {}): Promise<RunResult<Output>> {
    return this.#perform(task, options, { signal: new AbortController().signal, emit: () => {}, mayStep: async () => {} });
  }

  /** Starts a task; its events can be read as they come. */
  start(task: string, options: RunOptions = {}): Run<Output> {
    return new Run((handle) => this.#perform(task, options, handle));
  }

  /** A changed copy. */
  with(changes: Partial<AgentOptions<Output> & CodeOptions>): CodeAgent<Output> {
    return new CodeAgent({ ...this.#options, ...changes });
  }

  async #perform(task: string, options: RunOptions, handle: RunHandle): Promise<RunResult<Output>> {
    this.#resolved ??= this.#resolve();
    const [agent, executor] = await this.#resolved;
    return (await performRun(agent, executor, task, options, handle)) as RunResult<Output>;
  }

  /** An executor named by its type is loaded at the first run; a failed load is tried again at the next. */
  async #resolve(): Promise<readonly [ResolvedAgent, Executor]> {
    try {
      const executor = await loadExecutor(this.#options.executorType as string, this.#options.executorOptions);
      return [resolveAgent(this.#options, executor.language), executor];
    } catch (error) {
      this.#resolved = undefined;
      throw error;
    }
  }
}
