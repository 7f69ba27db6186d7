import type { Advance, ExecuteOptions, Executor, ExecutorSession, OpenSessionOptions } from "@codelet/core";
import { type RecordedOpen, recordedError, type TranscriptEvent, transcriptHeader, transcriptLine } from "./transcript.ts";

/** Writes an event down; the promise is of all that was written so far. */
type Write = (event: TranscriptEvent) => Promise<void>;

/**
 * The same executor, with everything that passes between its sessions and their host written down: code, calls and their answers, output, results, bindings,
 * interrupts, files. {@link replayExecutor} plays it without a sandbox. A transcript holds all values in the clear, and no reference to a live sandbox.
 *
 * @param sink takes lines of JSON with their line end, one after the other, the first one at once; what a session says is handed on once it is written, and
 * what the sink throws is thrown there
 *
 * @example
 * writeFileSync("session.jsonl", ""); // a transcript is one recording
 * const executor = recordExecutor(localExecutor(), (line) => appendFileSync("session.jsonl", line));
 */
export function recordExecutor(executor: Executor, sink: (line: string) => void | Promise<void>): Executor {
  if (typeof sink !== "function") throw new TypeError(`Expected \`sink\` to be a function, got ${typeof sink}`);
  const { name, language, capabilities } = executor;
  let sessions = 0;
  let written = Promise.resolve(transcriptHeader(executor)).then(sink);
  written.catch(() => {}); // whoever awaits the next event is told

  function writeFor(session: number): Write {
    return (event) => {
      const line = transcriptLine(session, event); // now: the caller may change its values later
      written = written.then(() => sink(line));
      written.catch(() => {});
      return written;
    };
  }

  return {
    name,
    language,
    capabilities,
    async open(options) {
      const write = writeFor(++sessions);
      const opening = { type: "open", options: recordedOpen(options ?? {}) } as const;
      const session = await executor.open(options).catch(async (error: unknown) => {
        await write({ ...opening, error: recordedError(error) });
        throw error;
      });
      try {
        await write(opening);
      } catch (error) {
        await session[Symbol.asyncDispose]();
        throw error;
      }
      return recordSession(session, write);
    },
  };
}

function recordedOpen({ tools, variables, authorizedImports, seed, restore }: OpenSessionOptions): RecordedOpen {
  return { tools, variables, authorizedImports, seed, ...(restore !== undefined && { restored: true }) };
}

function recordSession(session: ExecutorSession, write: Write): ExecutorSession {
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

  const { snapshot, detach, resume, putFile, getFile, reference } = session;
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
