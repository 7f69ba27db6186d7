import {
  AbortedError,
  type Advance,
  type CallResult,
  CodeletError,
  ConfigurationError,
  type Executor,
  ExecutorCrashedError,
  type OpenSessionOptions,
  type OutputChunk,
  ProtocolError,
  type SessionBinding,
  ValueError,
} from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import { checkRecording } from "./check-options.ts";

/** What one session was asked, or what it said; in the order of time. */
export type TranscriptEvent =
  | { readonly type: "open"; readonly options: RecordedOpen; readonly lastKey?: string; readonly error?: RecordedError }
  | { readonly type: "start"; readonly code: string; readonly timeoutMs?: number | undefined }
  | { readonly type: "resume"; readonly timeoutMs?: number | undefined }
  | ({ readonly type: "output" } & OutputChunk)
  | { readonly type: "advance"; readonly advance: Advance }
  | { readonly type: "advance"; readonly error: RecordedError }
  | { readonly type: "deliver"; readonly results: readonly CallResult[] }
  /** By the host or by the step's signal. */
  | { readonly type: "interrupt"; readonly reason: "timeout" | "aborted" }
  | { readonly type: "bind"; readonly binding: SessionBinding; readonly error?: RecordedError }
  | { readonly type: "snapshot" | "detach"; readonly error?: RecordedError }
  | { readonly type: "put-file"; readonly path: string; readonly bytes: number; readonly error?: RecordedError }
  /** One chunk; the last event of a file has neither data nor error. */
  | { readonly type: "get-file"; readonly path: string; readonly data?: Uint8Array; readonly error?: RecordedError }
  | { readonly type: "dispose" }
  /** Something that can't be written down, such as a value that contains itself. */
  | { readonly type: "unrecorded"; readonly what: string; readonly reason: string };

/** The session is counted from 1 in the order of openings. */
export type TranscriptEntry = { readonly session: number } & TranscriptEvent;

/** What an opening asked for. A reference to restore is a key to a sandbox and not kept. */
export interface RecordedOpen extends Pick<OpenSessionOptions, "tools" | "variables" | "authorizedImports" | "seed"> {
  readonly restored?: true | undefined;
}

/** An error as a transcript keeps it. */
export interface RecordedError {
  readonly name: string;
  readonly code?: string | undefined;
  readonly message: string;
}

/** What a transcript says of the executor that was recorded. */
export type RecordedExecutor = Pick<Executor, "name" | "language" | "capabilities">;

/** A recording of an executor, read. */
export interface Transcript {
  readonly executor: RecordedExecutor;
  readonly entries: readonly TranscriptEntry[];
}

const version = 1;
/** An entry is some levels deeper and some nodes larger than the values in it. */
const limits = { maxDepth: 120, maxNodes: 2_000_000 };

export function transcriptHeader({ name, language, capabilities }: RecordedExecutor): string {
  return `${JSON.stringify({ transcript: version, executor: { name, language, capabilities } })}\n`;
}

export function transcriptLine(session: number, event: TranscriptEvent): string {
  try {
    return `${JSON.stringify(encodeValue({ session, ...event }, limits))}\n`;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return transcriptLine(session, { type: "unrecorded", what: event.type, reason: error.message });
  }
}

/** Reads JSON lines. Throws `configuration` with the line's number when one is no part of a transcript. */
export function parseTranscript(text: string): Transcript {
  const [first = "", ...rest] = checkRecording("transcript", text).split("\n");
  const { transcript, executor } = parseLine(first, 1);
  if (transcript !== version || typeof executor !== "object" || executor === null)
    throw new ConfigurationError(`The transcript doesn't begin with {"transcript":${version},"executor":{…}}.`);
  const entries = rest.flatMap((line, index) => (line.trim() === "" ? [] : [readEntry(line, index + 2)]));
  return { executor: executor as RecordedExecutor, entries };
}

export function recordedError(error: unknown): RecordedError {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  return { name, message, ...(CodeletError.isInstance(error) && { code: error.code }) };
}

/** The error again, with its name and code. */
export function revivedError({ name, code, message }: RecordedError): Error {
  switch (code) {
    case "executor-crashed":
      return new ExecutorCrashedError(message);
    case "protocol":
      return new ProtocolError(message);
    case "aborted":
      return new AbortedError();
    case "value":
      return new ValueError(message);
    case undefined:
      return name === "TypeError" ? new TypeError(message) : Object.assign(new Error(message), { name });
    default:
      return new ConfigurationError(message);
  }
}

function readEntry(line: string, number: number): TranscriptEntry {
  const entry = parseLine(line, number);
  if ("transcript" in entry)
    throw new ConfigurationError(`Line ${number} of the transcript begins another recording. Record each into an empty file.`);
  if (typeof entry.session !== "number" || typeof entry.type !== "string") throw malformed(number);
  return entry as unknown as TranscriptEntry;
}

function parseLine(line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value = decodeValue(JSON.parse(line), limits);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw malformed(number, error);
  }
  throw malformed(number);
}

function malformed(number: number, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`Line ${number} of the transcript is damaged.`, { cause });
}
