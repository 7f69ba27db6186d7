import { ConfigurationError, type Model, type ModelDelta, type ModelResponse } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import { checkRecording } from "./check-options.ts";

/** How one recorded call ended: a whole answer, a stream, or an error of the provider. */
export type CassetteOutcome =
  | { readonly response: ModelResponse }
  | { readonly deltas: readonly ModelDelta[] }
  | { readonly error: { readonly message: string; readonly status?: number; readonly retryable: boolean; readonly retryAfterMs?: number } };

/** One call of a recorded model. */
export type CassetteEntry = CassetteOutcome & {
  /** The call's number in the recording, from 1. */
  readonly call: number;
  /** What was asked, as a hash; the request itself is not kept. */
  readonly digest: string;
  /** How many messages the request had. */
  readonly messages: number;
};

/** A recording of a model, read. */
export interface Cassette {
  readonly modelId: string;
  /** As the model said. */
  readonly seesImages?: boolean | undefined;
  readonly entries: readonly CassetteEntry[];
}

const version = 1;

export function cassetteHeader({ id, seesImages }: Model): string {
  return `${JSON.stringify({ cassette: version, model: id, seesImages })}\n`;
}

export function cassetteLine(entry: CassetteEntry): string {
  return `${JSON.stringify(encodeValue(entry))}\n`;
}

/** Reads JSON lines. Throws `configuration` with the line's number when one is no part of a cassette. */
export function parseCassette(text: string): Cassette {
  const [first = "", ...rest] = checkRecording("cassette", text).split("\n");
  const header = parseLine(first, 1);
  if (header.cassette !== version || typeof header.model !== "string")
    throw new ConfigurationError(`The cassette doesn't begin with {"cassette":${version},"model":"…"}.`);
  const entries = rest.flatMap((line, index) => (line.trim() === "" ? [] : [readEntry(line, index + 2)]));
  return { modelId: header.model, seesImages: header.seesImages === true || undefined, entries: entries.sort((a, b) => a.call - b.call) };
}

function readEntry(line: string, number: number): CassetteEntry {
  const entry = parseLine(line, number);
  if ("cassette" in entry) throw new ConfigurationError(`Line ${number} of the cassette begins another recording. Record each into an empty file.`);
  const hasOutcome = ["response", "deltas", "error"].some((outcome) => typeof entry[outcome] === "object" && entry[outcome] !== null);
  if (typeof entry.call !== "number" || typeof entry.digest !== "string" || !hasOutcome) throw malformed(number);
  return entry as unknown as CassetteEntry;
}

function parseLine(line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value = decodeValue(JSON.parse(line));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw malformed(number, error);
  }
  throw malformed(number);
}

function malformed(number: number, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`Line ${number} of the cassette is damaged.`, { cause });
}
