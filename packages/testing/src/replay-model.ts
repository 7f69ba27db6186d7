import { AbortedError, ConfigurationError, type Model, ModelCallError, type ModelDelta, type ModelRequest } from "@codelet/core";
import { type CassetteEntry, parseCassette } from "./cassette.ts";
import { checkOptions } from "./check-options.ts";
import { deltasOf, responseOf } from "./deltas.ts";
import { excerptOf } from "./excerpt.ts";
import { requestDigest } from "./request-digest.ts";

/** What {@link replayModel} may be told. */
export interface ReplayModelOptions {
  /**
   * `"request"`: the answer that was recorded for an equal request; equal ones are answered in their order. `"order"`: the next answer, whatever is
   * asked. @default "request"
   */
  readonly match?: "request" | "order" | undefined;
}

/** A model that answers from a recording. */
export interface ReplayModel extends Model {
  /** Recorded answers that nobody has asked for yet. */
  readonly remaining: number;
  stream(request: ModelRequest): AsyncIterable<ModelDelta>;
}

/**
 * Plays what {@link recordModel} wrote, streamed or whole as it is asked; recorded errors are thrown again. A request that was not recorded, and a
 * call beyond the last answer, throw `configuration`.
 *
 * @param cassette the recorded lines as one text
 *
 * @example
 * const model = replayModel(readFileSync("session.jsonl", "utf8"));
 */
export function replayModel(cassette: string, options: ReplayModelOptions = {}): ReplayModel {
  const { match = "request" } = checkOptions("replayModel", options, { match: true });
  if (match !== "request" && match !== "order")
    throw new TypeError(`Expected \`match\` to be "request" or "order", got \`${match}\` (${typeof match})`);
  const { modelId, seesImages, entries } = parseCassette(cassette);
  const left = [...entries];

  async function take(request: ModelRequest): Promise<Exclude<CassetteEntry, { error: object }>> {
    if (request.signal?.aborted) throw new AbortedError(request.signal.reason);
    const digest = match === "request" ? await requestDigest(request) : undefined;
    const index = digest === undefined ? 0 : left.findIndex((entry) => entry.digest === digest);
    const [entry] = index === -1 ? [] : left.splice(index, 1);
    if (entry === undefined) throw mismatch(request, left, entries.length);
    if (!("error" in entry)) return entry;
    const { message, ...options } = entry.error;
    throw new ModelCallError(message, options);
  }

  return {
    id: modelId,
    seesImages,
    get remaining() {
      return left.length;
    },
    async generate(request) {
      const entry = await take(request);
      return "response" in entry ? entry.response : responseOf(entry.deltas);
    },
    async *stream(request) {
      const entry = await take(request);
      for (const delta of "deltas" in entry ? entry.deltas : deltasOf(entry.response)) {
        if (request.signal?.aborted) throw new AbortedError(request.signal.reason);
        yield delta;
      }
    },
  };
}

function mismatch(request: ModelRequest, left: readonly CassetteEntry[], total: number): ConfigurationError {
  const asked = `It has ${request.messages.length} messages and ends with ${excerptOf(request)}`;
  if (left.length === 0)
    return new ConfigurationError(`All ${total} answers of the cassette are used, and another was asked for. Record it again. The request: ${asked}`);
  const [next] = left;
  const expected = `The next unused one, call ${next?.call}, has ${next?.messages} messages.`;
  return new ConfigurationError(
    `The cassette holds no answer to this request. Record it again, or play it with \`match: "order"\`. ${asked} ${expected}`,
  );
}
