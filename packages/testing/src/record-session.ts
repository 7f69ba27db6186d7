import type { Advance, ExecuteOptions, ExecutorSession } from "@codelet/core";
import { recordedError, type TranscriptEvent } from "./transcript.ts";

/** Writes an event down; the promise is of all that was written so far. */
export type Write = (event: TranscriptEvent) => Promise<unknown>;

/** The same session, with what passes through it written down. */
export function recordSession(session: ExecutorSession, write: Write): ExecutorSession {
  let endStep: (() => void) | undefined;
  /** Who asks twice before there is an answer hears the same, which is written once. */
  let waiting: Promise<Advance> | undefined;
  let isDisposed = false;

  /** Begins a step. Nothing is written when it is refused, and nothing that it says before it has begun. */
  function begin(event: TranscriptEvent, { onOutput, ...options }: ExecuteOptions, run: (options: ExecuteOptions) => void): void {
    const early: TranscriptEvent[] = [];
    let say = (said: TranscriptEvent): unknown => early.push(said);
    const listen = (chunk: Parameters<NonNullable<typeof onOutput>>[0]): void => {
      say({ type: "output", ...chunk });
      onOutput?.(chunk);
    };
    run({ ...options, ...(onOutput && { onOutput: listen }) });
    say = write;
    for (const said of [event, ...early]) void write(said);
    const { signal } = options;
    const onAbort = (): void => void write({ type: "interrupt", reason: "aborted" });
    if (signal?.aborted === false) signal.addEventListener("abort", onAbort, { once: true });
    endStep = () => {
      endStep = undefined;
      signal?.removeEventListener("abort", onAbort);
    };
  }

  async function takeAdvance(): Promise<Advance> {
    const isRunning = endStep !== undefined;
    const advance = await session.next().catch(async (error: unknown) => {
      if (isRunning) await write({ type: "advance", error: recordedError(error) });
      throw error;
    });
    if (advance.type === "done") endStep?.();
    await write({ type: "advance", advance });
    return advance;
  }

  /** Does something between two steps and writes it down, with the error that it ended in. */
  async function between<Result>(event: TranscriptEvent, act: () => Promise<Result>): Promise<Result> {
    const result = await act().catch(async (error: unknown) => {
      await write({ ...event, error: recordedError(error) } as TranscriptEvent);
      throw error;
    });
    await write(event);
    return result;
  }

  const { snapshot, detach, resume, putFile, getFile, reference, lastKey } = session;
  return {
    start: (code, options = {}) =>
      begin({ type: "start", code, timeoutMs: options.timeoutMs }, options, (listening) => session.start(code, listening)),
    next() {
      waiting ??= takeAdvance().finally(() => {
        waiting = undefined;
      });
      return waiting;
    },
    deliver(results) {
      session.deliver(results);
      if (endStep !== undefined) void write({ type: "deliver", results });
    },
    interrupt(reason) {
      if (endStep !== undefined) void write({ type: "interrupt", reason });
      session.interrupt(reason);
    },
    bind: (binding) => between({ type: "bind", binding }, () => session.bind(binding)),
    ...(snapshot && { snapshot: () => between({ type: "snapshot" }, () => snapshot.call(session)) }),
    ...(detach && { detach: () => between({ type: "detach" }, () => detach.call(session)) }),
    ...(reference && { reference }),
    ...(lastKey !== undefined && { lastKey }),
    ...(resume && {
      resume: (options: ExecuteOptions = {}) =>
        begin({ type: "resume", timeoutMs: options.timeoutMs }, options, (listening) => resume.call(session, listening)),
    }),
    ...(putFile && {
      async putFile(path: string, content: Uint8Array | AsyncIterable<Uint8Array>) {
        let bytes = content instanceof Uint8Array ? content.length : 0;
        const counted = content instanceof Uint8Array ? content : countChunks(content, (length) => (bytes += length));
        await putFile.call(session, path, counted).catch(async (error: unknown) => {
          await write({ type: "put-file", path, bytes, error: recordedError(error) });
          throw error;
        });
        await write({ type: "put-file", path, bytes });
      },
    }),
    ...(getFile && {
      async *getFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
        try {
          for await (const data of getFile.call(session, path)) {
            await write({ type: "get-file", path, data });
            yield data;
          }
        } catch (error) {
          await write({ type: "get-file", path, error: recordedError(error) });
          throw error;
        }
        await write({ type: "get-file", path });
      },
    }),
    async [Symbol.asyncDispose]() {
      endStep?.();
      try {
        await session[Symbol.asyncDispose]();
      } finally {
        const isFirst = !isDisposed;
        isDisposed = true;
        if (isFirst) await write({ type: "dispose" }).catch(() => {}); // a sink that fails is no reason to keep a sandbox; `next` has told of it
      }
    },
  };
}

async function* countChunks(chunks: AsyncIterable<Uint8Array>, count: (length: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}
