import type { Executor, OpenSessionOptions } from "@codelet/core";
import { recordSession, type Write } from "./record-session.ts";
import { type RecordedOpen, recordedError, transcriptHeader, transcriptLine } from "./transcript.ts";

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
export function recordExecutor(executor: Executor, sink: (line: string) => unknown): Executor {
  if (typeof sink !== "function") throw new TypeError(`Expected \`sink\` to be a function, got ${typeof sink}`);
  if (typeof executor?.open !== "function")
    throw new TypeError(`Expected \`executor\` to be one, such as localExecutor(), got type \`${typeof executor}\``);
  const { name, language, capabilities } = executor;
  let sessions = 0;
  let written: Promise<unknown> = Promise.resolve(transcriptHeader(executor)).then(sink);
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
        const { lastKey } = session;
        await write({ ...opening, ...(lastKey !== undefined && { lastKey }) });
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
