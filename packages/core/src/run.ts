import type { RunResult } from "./agent.ts";
import { ConfigurationError, describeThrown } from "./errors.ts";
import type { AgentEvent } from "./events.ts";
import type { ActionStep } from "./memory.ts";
import { noUsage } from "./model.ts";

/** What a run needs of its owner. */
export interface RunHandle {
  readonly signal: AbortSignal;
  emit(event: AgentEvent): void;
  mayStep(): Promise<void>;
}

/** Unread events above which a run waits for its reader between steps. */
const maxUnreadEvents = 1_000;

/**
 * A run in progress: its events as an async iterable, and its result. Leaving the iteration early stops the run.
 * Events are read once, by one reader; until there is one, the newest thousand are kept. A slow reader slows the run down.
 */
export class Run<Output> implements AsyncIterable<AgentEvent> {
  /** Rejects for the world's faults and ours, with `error.run`; never an unhandled rejection. */
  readonly result: Promise<RunResult<Output>>;
  readonly #events = new EventQueue();
  readonly #gate = new StepGate();
  readonly #controller = new AbortController();

  constructor(begin: (handle: RunHandle) => Promise<RunResult<Output>>) {
    const handle: RunHandle = {
      signal: this.#controller.signal,
      emit: (event) => {
        if (event.type === "step-end") this.#gate.finished = event.action;
        this.#events.push(event);
      },
      mayStep: async () => {
        await this.#gate.wait();
        await this.#events.room();
      },
    };
    this.result = Promise.resolve()
      .then(() => begin(handle))
      .catch((error: unknown) => {
        this.#events.closeWith({
          seq: 1,
          runId: "",
          agentPath: [],
          type: "run-end",
          state: "failed",
          usage: noUsage,
          durationMs: 0,
          error: describeThrown(error),
        });
        throw error;
      })
      .finally(() => {
        this.#gate.end();
        this.#events.close();
      });
    this.result.catch(() => {});
  }

  /** Ends the run and waits until nothing of it is left. */
  async stop(reason?: unknown): Promise<void> {
    this.#controller.abort(reason);
    await this.result.catch(() => {});
  }

  /** Takes one step and pauses; resolves with it, or with undefined when the run has ended. The first call must come before anything is awaited. */
  step(): Promise<ActionStep | undefined> {
    return this.#gate.step();
  }

  [Symbol.asyncIterator](): AsyncIterator<AgentEvent> {
    this.#events.attach();
    return {
      next: () => this.#events.next(),
      return: async () => {
        await this.stop();
        return { done: true, value: undefined };
      },
    };
  }
}

/** Events between a run and one reader. Unread pieces of one text are joined, so that a slow reader costs no more than the text. */
class EventQueue {
  #events: AgentEvent[] = [];
  #attached = false;
  #began = false;
  #closed = false;
  #wake: (() => void) | undefined;
  #roomy: (() => void) | undefined;

  attach(): void {
    if (this.#attached) throw new ConfigurationError("The events of a run can be read once.");
    this.#attached = true;
  }

  push(event: AgentEvent): void {
    this.#began = true;
    const last = this.#events.at(-1);
    const joined = last && join(last, event);
    if (joined) this.#events[this.#events.length - 1] = joined;
    else this.#events.push(event);
    if (!this.#attached && this.#events.length > maxUnreadEvents) this.#events.shift();
    this.#wake?.();
  }

  /** The terminal event of a run that failed before it could send one. */
  closeWith(event: AgentEvent): void {
    if (!this.#began) this.push(event);
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
    this.#roomy?.();
  }

  async next(): Promise<IteratorResult<AgentEvent>> {
    while (this.#events.length === 0 && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    const value = this.#events.shift();
    if (this.#events.length <= maxUnreadEvents) this.#roomy?.();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  async room(): Promise<void> {
    if (this.#attached && this.#events.length > maxUnreadEvents) await new Promise<void>((resolve) => (this.#roomy = resolve));
  }
}

function join(last: AgentEvent, event: AgentEvent): AgentEvent | undefined {
  if (last.type === "model-delta" && event.type === "model-delta" && last.part === event.part) return { ...event, text: last.text + event.text };
  if (last.type === "output-delta" && event.type === "output-delta" && last.stream === event.stream)
    return { ...event, text: last.text + event.text };
  return undefined;
}

/** Lets a run go on by itself, or one step at a time. */
class StepGate {
  finished: ActionStep | undefined;
  #mode: "undecided" | "free" | "manual" = "undecided";
  #permits = 0;
  #ended = false;
  #go: (() => void) | undefined;
  #done: (() => void) | undefined;

  async wait(): Promise<void> {
    if (this.#mode === "undecided") this.#mode = "free";
    if (this.#mode === "free") return;
    if (this.finished !== undefined) this.#done?.();
    if (this.#permits === 0) await new Promise<void>((resolve) => (this.#go = resolve));
    this.#permits--;
  }

  async step(): Promise<ActionStep | undefined> {
    if (this.#mode === "free") throw new ConfigurationError("The run goes on by itself: call `step` right after `start`.");
    this.#mode = "manual";
    if (this.#ended) return undefined;
    this.finished = undefined;
    const done = new Promise<void>((resolve) => (this.#done = resolve));
    this.#permits++;
    this.#go?.();
    await done;
    return this.finished;
  }

  end(): void {
    this.#ended = true;
    this.#done?.();
  }
}
