import type { RunResult } from "./agent.ts";
import { ConfigurationError, describeThrown } from "./errors.ts";
import type { AgentEvent } from "./events.ts";
import type { ActionStep } from "./memory.ts";
import { noUsage } from "./model.ts";

/** What a run needs of its owner. */
export interface RunHandle {
  readonly signal: AbortSignal | undefined;
  emit(event: AgentEvent): void;
  /** Resolves when the next step may begin; that of a managed agent is within one. */
  mayStep(isWithin?: boolean): Promise<void>;
}

/** Of a run whose events nobody reads. */
export const unattended: RunHandle = { signal: undefined, emit: () => {}, mayStep: async () => {} };

const maxUnreadEvents = 1_000;

/**
 * A run in progress: its events as an async iterable, and its result. Leaving the iteration early stops the run.
 * Events are read once, by one reader; until there is one, the newest thousand are kept. A reader that falls so far behind holds the run up
 * between steps, those of managed agents too.
 */
export class Run<Output> implements AsyncIterable<AgentEvent> {
  /** Rejects for the world's faults and ours, with `error.run`; never an unhandled rejection. */
  readonly result: Promise<RunResult<Output>>;
  readonly #controller = new AbortController();
  #unread: AgentEvent[] = [];
  /** Older ones, the oldest last: taking the first of a very long list costs its length. */
  #nextUnread: AgentEvent[] = [];
  #waiting: (() => void)[] = [];
  #isRead = false;
  #hasBegun = false;
  #hasEnded = false;
  /** Steps that may be taken; a run that nobody steps goes on by itself. */
  #permits = Number.POSITIVE_INFINITY;
  #asked = 0;
  #stop: { readonly reason: unknown } | undefined;
  readonly #taken: ActionStep[] = [];

  constructor(begin: (handle: RunHandle) => Promise<RunResult<Output>>) {
    const handle: RunHandle = { signal: this.#controller.signal, emit: (event) => this.#push(event), mayStep: (isWithin) => this.#mayStep(isWithin) };
    this.result = Promise.resolve()
      .then(() => begin(handle))
      .catch((error) => {
        // A run that can't even begin has no identity, but its end is an event too.
        const end = { type: "run-end", state: "failed", usage: noUsage, costUsd: 0, durationMs: 0, error: describeThrown(error) } as const;
        if (!this.#hasBegun) this.#push({ seq: 1, runId: "", agentPath: [], ...end });
        throw error;
      })
      .finally(() => {
        this.#hasEnded = true;
        this.#wake();
      });
    this.result.catch(() => {});
  }

  /** Ends the run and waits until nothing of it is left. */
  async stop(reason?: unknown): Promise<void> {
    this.#controller.abort(reason);
    await this.result.catch(() => {});
  }

  /** Lets the step that runs come to its end and ends the run before the next; resolves once nothing is left of it. Its result says `aborted`. */
  async stopAfterStep(reason?: unknown): Promise<void> {
    this.#stop = { reason };
    this.#wake();
    await this.result.catch(() => {});
  }

  /**
   * Takes one step and pauses; resolves with it, or with undefined when the run has ended. The first call must come right after `start`. A run that pauses
   * keeps its sandbox until it is stopped, or a limit of wall time ends it: whoever steps calls `stop` in the end.
   */
  async step(): Promise<ActionStep | undefined> {
    if (this.#hasBegun && this.#permits === Number.POSITIVE_INFINITY)
      throw new ConfigurationError("The run already goes on by itself: call `step` right after `start`.");
    this.#permits = this.#asked === 0 ? 1 : this.#permits + 1;
    const index = this.#asked++;
    this.#wake();
    while (this.#taken.length <= index && !this.#hasEnded) await this.#change();
    return this.#taken[index];
  }

  /** Written by hand, since a generator would not be left before its pending `next` has got an event. */
  [Symbol.asyncIterator](): AsyncIterator<AgentEvent, undefined, undefined> {
    if (this.#isRead) throw new ConfigurationError("The events of a run can be read once.");
    this.#isRead = true;
    let isLeft = false;
    return {
      next: async () => {
        for (;;) {
          if (this.#nextUnread.length === 0) [this.#nextUnread, this.#unread] = [this.#unread.reverse(), []];
          const event = isLeft ? undefined : this.#nextUnread.pop();
          this.#wake();
          if (event !== undefined) return { done: false, value: event };
          if (this.#hasEnded) return { done: true, value: undefined };
          await this.#change();
        }
      },
      return: async () => {
        isLeft = true;
        await this.stop();
        return { done: true, value: undefined };
      },
    };
  }

  /** Unread pieces of one text are joined, so that a slow reader costs no more than the text. */
  #push(event: AgentEvent): void {
    this.#hasBegun = true;
    if (event.type === "step-end" && event.agentPath.length === 1 && this.#asked > 0) {
      this.#taken.push(event.action);
      // Not where the step begins: those that a resumed run repeats have no events, and need no permit.
      this.#permits--;
    }
    const last = this.#unread.at(-1);
    const isSameKind =
      (event.type === "model-delta" && last?.type === event.type && last.part === event.part) ||
      (event.type === "output-delta" && last?.type === event.type && last.stream === event.stream);
    if (isSameKind && String([event.agentPath, event.callPath, event.step]) === String([last.agentPath, last.callPath, last.step]))
      this.#unread[this.#unread.length - 1] = { ...event, text: (last as typeof event).text + event.text };
    else this.#unread.push(event);
    if (!this.#isRead && this.#unread.length > maxUnreadEvents) this.#unread.shift();
    this.#wake();
  }

  /** Who asks for single steps may read the events after each: what is within one doesn't wait for that. */
  async #mayStep(isWithin = false): Promise<void> {
    const isBehind = (): boolean => this.#nextUnread.length + this.#unread.length > maxUnreadEvents;
    while (this.#stop === undefined && (this.#permits === 0 || (this.#isRead && isBehind() && !(isWithin && this.#asked > 0)))) await this.#change();
    if (this.#stop !== undefined && !isWithin) this.#controller.abort(this.#stop.reason);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
