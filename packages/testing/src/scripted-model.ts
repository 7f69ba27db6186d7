import {
  AbortedError,
  ConfigurationError,
  type Model,
  type ModelDelta,
  type ModelRequest,
  type ModelResponse,
  noUsage,
  type Usage,
} from "@codelet/core";
import { checkOptions } from "./check-options.ts";
import { deltasOf, responseOf } from "./deltas.ts";
import { excerptOf } from "./excerpt.ts";

/**
 * What a model says to one call: text, a whole response, an error to throw, or a stream as pieces of text and deltas (a `finish` is added where there
 * is none).
 */
export type ScriptedAnswer = string | ModelResponse | Error | readonly (string | ModelDelta)[];

/** An answer, or a function that makes one from the request. */
export type ScriptedReply = ScriptedAnswer | ((request: ModelRequest) => ScriptedAnswer | Promise<ScriptedAnswer>);

/** What {@link scriptedModel} may be told. */
export interface ScriptedModelOptions {
  /** @default "scripted" */
  readonly id?: string | undefined;
  /** Of every reply that doesn't say its own. @default no tokens */
  readonly usage?: Usage | undefined;
  /** Whether `requests` holds every request; their size grows with the square of a run's length. @default true */
  readonly keepRequests?: boolean | undefined;
}

const optionNames = { id: true, usage: true, keepRequests: true } as const;

/** A model that follows a script, and what it was asked. */
export interface ScriptedModel extends Model {
  /** The requests so far, frozen with their messages: who changes a message after the call gets a TypeError. */
  readonly requests: readonly ModelRequest[];
  /** Replies that nobody has asked for yet. */
  readonly remaining: number;
  stream(request: ModelRequest): AsyncIterable<ModelDelta>;
}

/**
 * A model that gives one reply after the other, streamed or whole as it is asked. A call beyond the last reply throws `configuration`.
 *
 * @example
 * const model = scriptedModel(["Let me see.\n<code>\nprint(2 + 2)\n</code>", "<code>\nfinal_answer(4)\n</code>"]);
 */
export function scriptedModel(replies: readonly ScriptedReply[], options: ScriptedModelOptions = {}): ScriptedModel {
  const { id = "scripted", usage = noUsage, keepRequests = true } = checkOptions("scriptedModel", options, optionNames);
  if (!Array.isArray(replies)) throw new TypeError(`Expected \`replies\` to be a list, got ${typeof replies}`);
  const script = [...replies];
  const requests: ModelRequest[] = [];
  let calls = 0;

  async function answer(request: ModelRequest): Promise<string | ModelResponse | readonly (string | ModelDelta)[]> {
    if (request.signal?.aborted) throw new AbortedError(request.signal.reason);
    if (keepRequests) requests.push(frozenRequest(request));
    const reply = script[calls++];
    if (reply === undefined) throw unexpectedCall(request, calls, script.length);
    const made = typeof reply === "function" ? await reply(request) : reply;
    if (made instanceof Error) throw made;
    if (typeof made !== "string" && !isPieces(made) && !Array.isArray(made?.content)) throw noAnswer(calls, made);
    return made;
  }

  return {
    id,
    requests,
    get remaining() {
      return Math.max(0, script.length - calls);
    },
    async generate(request) {
      const made = await answer(request);
      if (typeof made === "string") return { content: [{ type: "text", text: made }], usage, finishReason: "stop" };
      return isPieces(made) ? responseOf(deltasOfPieces(made, usage)) : made;
    },
    async *stream(request) {
      const made = await answer(request);
      const deltas = typeof made === "string" || isPieces(made) ? deltasOfPieces(typeof made === "string" ? [made] : made, usage) : deltasOf(made);
      for (const delta of deltas) {
        if (request.signal?.aborted) throw new AbortedError(request.signal.reason);
        yield delta;
      }
    },
  };
}

function isPieces(answer: ModelResponse | readonly (string | ModelDelta)[]): answer is readonly (string | ModelDelta)[] {
  return Array.isArray(answer) && answer.every((piece) => typeof piece === "string" || typeof piece?.type === "string");
}

function noAnswer(call: number, made: unknown): ConfigurationError {
  return new ConfigurationError(`Reply ${call} of scriptedModel is no text, response, error or list of pieces, but ${describe(made)}`);
}

function describe(made: unknown): string {
  return typeof made === "object" ? (JSON.stringify(made)?.slice(0, 200) ?? "an object") : `${String(made)} (${typeof made})`;
}

function deltasOfPieces(pieces: readonly (string | ModelDelta)[], usage: Usage): readonly ModelDelta[] {
  const deltas = pieces.map((piece): ModelDelta => (typeof piece === "string" ? { type: "text", text: piece } : piece));
  if (deltas.some(({ type }) => type === "finish")) return deltas;
  const hasCalls = deltas.some(({ type }) => type === "tool-call");
  return [...deltas, { type: "finish", usage, finishReason: hasCalls ? "tool-calls" : "stop" }];
}

function unexpectedCall(request: ModelRequest, call: number, replies: number): ConfigurationError {
  return new ConfigurationError(`scriptedModel was called ${call} times and has ${replies} replies. The last call ends with ${excerptOf(request)}`);
}

function frozenRequest(request: ModelRequest): ModelRequest {
  return Object.freeze({ ...request, messages: Object.freeze(request.messages.map(deepFreeze)) });
}

/** What is frozen already was frozen whole, so that a message costs once. Bytes can't be frozen. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  return value;
}
