import { AbortedError, ConfigurationError, type Executor, type ExecutorSession } from "@codelet/core";
import { ReplaySession } from "./replay-session.ts";
import { sameJson } from "./request-digest.ts";
import { parseTranscript, revivedError, type TranscriptEntry, type TranscriptEvent } from "./transcript.ts";

/** An executor that answers from a recording. */
export interface ReplayExecutor extends Executor {
  /** Recorded sessions that nobody has opened yet. */
  readonly remaining: number;
}

interface RecordedSession {
  readonly opening: Extract<TranscriptEvent, { type: "open" }>;
  readonly events: readonly TranscriptEvent[];
}

/**
 * Plays what {@link recordExecutor} wrote, without a sandbox: name and manifest, calls, output, results and errors. An `open` gets the first unused session that was
 * opened with equal options. What was not recorded, another code, answer, binding or file, and a call beyond the end, throws `configuration` and says what was expected.
 *
 * Answers to calls may come in another order than they were recorded in: what followed on them waits until they are there.
 *
 * @param transcript the recorded lines as one text
 *
 * @example
 * const executor = replayExecutor(readFileSync("session.jsonl", "utf8"));
 */
export function replayExecutor(transcript: string): ReplayExecutor {
  const { executor, entries } = parseTranscript(transcript);
  const sessions = recordedSessions(entries);
  const left = [...sessions];
  return {
    ...executor,
    get remaining() {
      return left.length;
    },
    async open({ tools, variables, authorizedImports, seed, restore, signal } = {}): Promise<ExecutorSession> {
      if (signal?.aborted) throw new AbortedError(signal.reason);
      const asked = { tools, variables, authorizedImports, seed, ...(restore !== undefined && { restored: true }) };
      const index = left.findIndex(({ opening }) => sameJson(opening.options, asked));
      const [session] = index === -1 ? [] : left.splice(index, 1);
      if (session === undefined) throw unexpectedOpen(left, sessions.length);
      if (session.opening.error !== undefined) throw revivedError(session.opening.error);
      return new ReplaySession(executor, session.events, session.opening.lastKey);
    },
  };
}

/** By their openings; what has none that could be written down is left out, and found missing when it is asked for. */
function recordedSessions(entries: readonly TranscriptEntry[]): readonly RecordedSession[] {
  const sessions = new Map<number, { readonly opening: RecordedSession["opening"]; readonly events: TranscriptEvent[] }>();
  for (const entry of entries) {
    if (entry.type === "open") sessions.set(entry.session, { opening: entry, events: [] });
    else sessions.get(entry.session)?.events.push(entry);
  }
  return [...sessions.values()];
}

function unexpectedOpen(left: readonly RecordedSession[], total: number): ConfigurationError {
  if (left.length === 0)
    return new ConfigurationError(`All ${total} sessions of the transcript are used, and another was asked for. Record it again.`);
  return new ConfigurationError("The transcript holds no session that was opened with these tools, variables, imports and seed. Record it again.");
}
