import type { ResumeOptions, RunOptions, RunResult } from "./agent.ts";
import { Conversation } from "./conversation.ts";
import type { AgentDefinition } from "./definition.ts";
import { ConfigurationError } from "./errors.ts";
import { performRun } from "./perform-run.ts";
import type { ActionKind, ResolvedAgent } from "./resolved-agent.ts";
import { Run, unattended } from "./run.ts";
import { newThread, type RunScope } from "./run-context.ts";
import type { SavedConversation } from "./saved-conversation.ts";
import type { SuspendedRun } from "./suspension.ts";

/** Loads what runs need and isn't there yet. */
type Load = () => Promise<ActionKind>;

/** Of every agent. */
export const loads: WeakMap<AgentDefinition, Load> = new WeakMap();

/** What every kind of agent does, whatever its actions are. */
export class AgentEngine<Output> {
  readonly #agent: ResolvedAgent;
  readonly #load: Load;
  #loading: ReturnType<Load> | undefined;

  constructor(agent: ResolvedAgent, load: Load) {
    this.#agent = agent;
    this.#load = load;
    loads.set(agent.definition, load);
  }

  get definition(): AgentDefinition {
    return this.#agent.definition;
  }

  run(task: string, options: RunOptions = {}): Promise<RunResult<Output>> {
    return this.perform(task, options, { handle: unattended });
  }

  start(task: string, options: RunOptions = {}): Run<Output> {
    return new Run((handle) => this.perform(task, options, { handle }));
  }

  resume(state: SuspendedRun, options: ResumeOptions = {}): Promise<RunResult<Output>> {
    return this.goOn(state, options, { handle: unattended });
  }

  startResumed(state: SuspendedRun, options: ResumeOptions = {}): Run<Output> {
    return new Run((handle) => this.goOn(state, options, { handle }));
  }

  conversation(): Conversation<Output> {
    return new Conversation(this, newThread());
  }

  async loadConversation(saved: SavedConversation): Promise<Conversation<Output>> {
    const { loadThread } = await import("./with-others.ts");
    return new Conversation(this, loadThread(saved));
  }

  async perform(task: string, options: RunOptions, scope: RunScope): Promise<RunResult<Output>> {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = undefined; // a failed load is tried again at the next run
      throw error;
    });
    return (await performRun(await this.#loading, task, options, scope)) as RunResult<Output>;
  }

  /** A suspended run, from where it was left. */
  async goOn(state: SuspendedRun, options: ResumeOptions, scope: RunScope): Promise<RunResult<Output>> {
    if (this.#agent.journal !== undefined)
      throw new ConfigurationError("A run with a `journal` of your own goes on by that journal, not by `resume`.");
    const { readSuspendedRun } = await import("./with-others.ts");
    const continuation = await readSuspendedRun(state, this.definition, options, scope.thread);
    const { given } = continuation;
    return this.perform(given.text, { ...given.options, signal: options.signal, context: options.context }, { ...scope, continuation });
  }
}
