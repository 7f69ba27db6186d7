import { CodeletError, ExecutorCrashedError } from "@codelet/core";
import { baseImports } from "./base-imports.ts";
import type { Bindings } from "./bindings.ts";
import { maxUnreadFrames } from "./bridge-limits.ts";
import { inTime } from "./in-time.ts";
import type { ResolvedSessionOptions } from "./session-options.ts";
import { throwIfAborted, unlessAborted } from "./unless-aborted.ts";
import type { WorkerChannel } from "./worker-channel.ts";
import { type ConnectionEvents, WorkerConnection } from "./worker-connection.ts";

/** Holds the session's worker, and gets a new one with the same tools and variables when the old one is lost. */
export class WorkerSeat {
  readonly #options: ResolvedSessionOptions;
  readonly #bindings: Bindings;
  readonly #events: (connection: () => WorkerConnection) => ConnectionEvents;
  readonly #givenUp = new AbortController();
  #current: WorkerConnection | undefined;
  #connecting: Promise<WorkerConnection> | undefined;
  #attempt = 0;

  constructor(options: ResolvedSessionOptions, bindings: Bindings, events: (connection: () => WorkerConnection) => ConnectionEvents) {
    this.#options = options;
    this.#bindings = bindings;
    this.#events = events;
  }

  /** The live worker, if there is one. */
  get current(): WorkerConnection | undefined {
    return this.#current?.ended === false ? this.#current : undefined;
  }

  /** The live worker, or a new one. Rejects with why there is none; nothing is left running then. */
  async fill(signal?: AbortSignal): Promise<WorkerConnection> {
    if (this.current !== undefined) return this.current;
    this.#connecting ??= this.#connect(signal === undefined ? this.#givenUp.signal : AbortSignal.any([signal, this.#givenUp.signal]));
    try {
      this.#current = await this.#connecting;
    } finally {
      this.#connecting = undefined;
    }
    return this.#current;
  }

  /** Ends the worker with everything it started; the next `fill` gets a new one. */
  async empty(): Promise<void> {
    const lost = this.#current;
    this.#current = undefined;
    await lost?.discard();
  }

  async dispose(): Promise<void> {
    this.#givenUp.abort();
    await this.#connecting?.catch(() => {});
    await this.empty();
  }

  async #connect(signal: AbortSignal): Promise<WorkerConnection> {
    throwIfAborted(signal);
    const attempt = this.#attempt++;
    const isLeft = attempt === 0 && this.#options.left !== undefined;
    const channel = await this.#start(attempt, signal);
    const connection: WorkerConnection = new WorkerConnection(
      channel,
      this.#options.limits,
      this.#events(() => connection),
      isLeft,
    );
    if (isLeft) return connection; // another host has opened it
    const { readyTimeoutMs } = this.#options;
    const opened = connection.bind("open", this.#bindings, this.#openFields(attempt));
    const late = (): Error => new ExecutorCrashedError(`The sandbox did not answer in ${readyTimeoutMs} ms.`);
    try {
      await unlessAborted(signal, inTime(opened, readyTimeoutMs, late));
    } catch (error) {
      await connection.discard();
      throw error;
    }
    return connection;
  }

  /** What a machine says of itself, such as that its disk is full, is no error of ours. */
  async #start(attempt: number, signal: AbortSignal): Promise<WorkerChannel> {
    const { connect, executor } = this.#options;
    try {
      return await connect({ attempt, signal });
    } catch (cause) {
      if (CodeletError.isInstance(cause)) throw cause;
      throwIfAborted(signal);
      throw new ExecutorCrashedError(`The sandbox ${executor} could not be started: ${cause instanceof Error ? cause.message : String(cause)}.`, {
        cause,
      });
    }
  }

  #openFields(attempt: number): string {
    const { maxDepth, maxNodes, maxFrameBytes, maxOutputBytes, maxRichParts, maxRichBytes } = this.#options.limits;
    const { authorizedImports, seed, replayable } = this.#options.open;
    const fields = {
      limits: {
        depth: maxDepth,
        nodes: maxNodes,
        frame_bytes: maxFrameBytes,
        output_bytes: maxOutputBytes,
        rich_parts: maxRichParts,
        rich_bytes: maxRichBytes,
        unread_frames: maxUnreadFrames(this.#options.limits),
      },
      imports: authorizedImports ?? null,
      base: baseImports,
      seed: seed ?? null,
      replayable: replayable === true,
      mark: this.#options.markPrefix,
      restored: attempt === 0 && this.#options.restored === true,
    };
    return `,${JSON.stringify(fields).slice(1, -1)}`;
  }
}
