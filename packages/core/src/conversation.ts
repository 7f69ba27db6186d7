import type { ResumeOptions, RunOptions, RunResult } from "./agent.ts";
import type { AgentEngine } from "./agent-engine.ts";
import { ConfigurationError } from "./errors.ts";
import type { Memory } from "./memory.ts";
import { Run, unattended } from "./run.ts";
import type { Thread } from "./run-context.ts";
import type { SavedConversation } from "./saved-conversation.ts";
import type { SuspendedRun } from "./suspension.ts";

/**
 * Runs that follow each other: each goes on with the memory and the sandbox of the one before. One run at a time; the owner disposes of it.
 *
 * @example
 * const chat = agent.conversation();
 * await chat.run("Load sales.csv.");
 * await chat.run("Which month was the best?");
 * await chat[Symbol.asyncDispose]();
 */
export class Conversation<Output> implements AsyncDisposable {
  readonly #engine: AgentEngine<Output>;
  readonly #thread: Thread;
  #isRunning = false;

  constructor(engine: AgentEngine<Output>, thread: Thread) {
    this.#engine = engine;
    this.#thread = thread;
  }

  /** What was said and done so far. May be edited between runs. */
  get memory(): Memory {
    return this.#thread.memory;
  }

  /** As the agent's `run`, after what was before. Rejects with `configuration` while another run goes on, and once it was disposed of. */
  run(task: string, options: RunOptions = {}): Promise<RunResult<Output>> {
    return this.#inTurn(() => this.#engine.perform(task, options, { handle: unattended, thread: this.#thread }));
  }

  /** As the agent's `start`. */
  start(task: string, options: RunOptions = {}): Run<Output> {
    return new Run((handle) => this.#inTurn(() => this.#engine.perform(task, options, { handle, thread: this.#thread })));
  }

  /** Goes on with its run that was suspended. */
  resume(state: SuspendedRun, options: ResumeOptions = {}): Promise<RunResult<Output>> {
    return this.#inTurn(() => this.#engine.goOn(state, options, { handle: unattended, thread: this.#thread }));
  }

  /** Everything as plain JSON; a sandbox that can be found again, or saved, by how. */
  async save(): Promise<SavedConversation> {
    if (this.#isRunning) throw new ConfigurationError("A conversation can be saved between its runs only.");
    return (await import("./with-others.ts")).saveThread(this.#thread);
  }

  /** Ends its sandbox, that of a run that goes on too, at its end at the latest. What was said can still be saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#thread.isDisposed = true;
    await this.#thread.sandbox?.[Symbol.asyncDispose]();
  }

  async #inTurn(perform: () => Promise<RunResult<Output>>): Promise<RunResult<Output>> {
    if (this.#thread.isDisposed)
      throw new ConfigurationError("The conversation was disposed of: save it, and go on with `agent.loadConversation(saved)`.");
    if (this.#isRunning) throw new ConfigurationError("A conversation has one run at a time: wait for the one before.");
    this.#isRunning = true;
    try {
      const result = await perform();
      this.#thread.left = result.state === "suspended" ? result.runId : undefined;
      return result;
    } finally {
      this.#isRunning = false;
    }
  }
}
