import { ConfigurationError, ModelCallError } from "@codelet/core";
import type { OpenAI } from "openai";
import { isEventStream } from "./event-stream.ts";
import { asList, asRecord, type ForeignRecord } from "./foreign-json.ts";
import { guardedFetch, isEnded } from "./guarded-fetch.ts";
import { customHeaderNames } from "./openai-environment.ts";
import type { ResolvedOptions } from "./openai-options.ts";
import { endingOf } from "./read-answer.ts";
import type { Secrets } from "./secrets.ts";
import { numberedCalls } from "./tool-calls.ts";

/** The one URL that is used, as JSON that nobody has checked. */
export interface ChatEndpoint {
  /** The answer in one piece. */
  complete(body: object, signal: AbortSignal | undefined): Promise<unknown>;
  /** The chunks of a streamed answer. Leaving the iteration ends the request. */
  stream(body: object, signal: AbortSignal | undefined): Promise<AsyncIterable<unknown>>;
}

const path = "/chat/completions";
/** The SDK's own clock must not run out before ours, whose errors tell what was waited for. */
const longestTimeoutMs = 2 ** 31 - 1;
const excerptCharacters = 200;

/** Chat completions through the SDK, which is loaded at the first request: it takes 0.2 s. */
export function chatEndpoint(options: ResolvedOptions, secrets: Secrets): ChatEndpoint {
  let loading: Promise<OpenAI> | undefined;
  const client = (): Promise<OpenAI> => (loading ??= createClient(options));
  return {
    async complete(body, signal) {
      const answer = await (await client()).post<unknown>(path, { body, ...(signal && { signal }) });
      const whole = typeof answer === "string" ? parsed(answer) : answer;
      if (typeof answer === "string" && asRecord(whole) === undefined) throw wrongType("JSON", answer, secrets);
      await throwReported(whole);
      return whole;
    },
    async stream(body, signal) {
      const { data, response } = await (await client())
        .post<AsyncIterable<unknown>>(path, { body, stream: true, ...(signal && { signal }) })
        .withResponse();
      return begun(
        isEventStream(response.headers) ? withEnd(unlessReported(data), () => isEnded(response)) : await inOnePiece(await response.text(), secrets),
      );
    },
  };
}

async function createClient(options: ResolvedOptions): Promise<OpenAI> {
  const { OpenAI } = await import("openai");
  try {
    return new OpenAI({
      apiKey: options.apiKey || "none",
      adminAPIKey: null,
      baseURL: options.baseURL,
      defaultQuery: options.query,
      organization: options.organization,
      project: options.project,
      webhookSecret: null,
      maxRetries: 0, // the kernel retries, once for all
      timeout: longestTimeoutMs,
      logLevel: "off",
      defaultHeaders: defaultHeaders(options),
      fetch: guardedFetch(options.fetch, options),
      fetchOptions: { redirect: "manual" }, // another host must not get the prompt
    });
  } catch (cause) {
    if (customHeaderNames().length === 0) throw new ConfigurationError("The openai package refused its options.", { cause });
    // Without its cause, whose message quotes the variable.
    throw new ConfigurationError("The openai package refused its options or the variable OPENAI_CUSTOM_HEADERS, which it checks.");
  }
}

/** Our headers, with names in lower case so that later ones win. Those of a variable, which the SDK would send to any server, are left out. */
function defaultHeaders({ apiKey, organization, project, headers }: ResolvedOptions): Readonly<Record<string, string | null>> {
  return {
    ...Object.fromEntries(customHeaderNames().map((name) => [name, null])),
    authorization: apiKey === "" ? null : `Bearer ${apiKey}`,
    "openai-organization": organization,
    "openai-project": project,
    ...headers,
  };
}

/** The chunks, once the first has come: LM Studio says only there, with status 200, what it refuses. */
async function begun(chunks: AsyncIterable<unknown>): Promise<AsyncIterable<unknown>> {
  const iterator = chunks[Symbol.asyncIterator]();
  const { done, value } = await iterator.next();
  return (async function* () {
    try {
      if (!done) yield value;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  })();
}

/** The chunks up to one that says what went wrong. */
async function* unlessReported(chunks: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<unknown> {
  for await (const chunk of chunks) {
    await throwReported(chunk);
    yield chunk;
  }
}

/**
 * The chunks, with an ending where the server said no other than `[DONE]`, as vllm-mlx does.
 *
 * @see https://github.com/waybarrios/vllm-mlx/issues/628
 */
async function* withEnd(chunks: AsyncIterable<unknown>, isEnded: () => boolean): AsyncGenerator<unknown> {
  let hasAnswer = false;
  for await (const chunk of chunks) {
    hasAnswer ||= asList(asRecord(chunk)?.choices).length > 0;
    yield chunk;
  }
  if (hasAnswer && isEnded()) yield { choices: [{ finish_reason: "unknown" }] };
}

/** The stream of a server that doesn't stream: one chunk with the whole message. Or of one that doesn't say that it streams. */
async function inOnePiece(text: string, secrets: Secrets): Promise<AsyncIterable<unknown>> {
  const lines = text.split(/\r\n?|\n/); // the only line breaks of events: JSON may hold others
  const data = lines.flatMap((line) => (line.startsWith("data:") ? [line.slice("data:".length).trim()] : []));
  const events = data.filter((each) => each !== "" && each !== "[DONE]").map(parsed);
  if (/^(?:data|event|id|retry)?:/.test(text) && events.some((chunk) => chunk !== undefined))
    return withEnd(unlessReported(events), () => data.includes("[DONE]"));
  const answer = asRecord(parsed(text));
  await throwReported(answer);
  const choices = asList(answer?.choices)
    .map(asRecord)
    .filter((choice) => choice !== undefined);
  if (choices.length === 0) throw wrongType("an event stream", text, secrets);
  const chunk = { ...answer, choices: choices.map(asLastPiece) };
  return (async function* () {
    yield chunk;
  })();
}

/** A choice that holds a whole message as a stream's last piece of it. */
function asLastPiece(choice: ForeignRecord): ForeignRecord {
  const message = asRecord(choice.message);
  return { ...choice, delta: message && { ...message, tool_calls: numberedCalls(message) }, finish_reason: endingOf(choice) ?? "unknown" };
}

/** Some servers say with status 200 what went wrong: in `error`, which the SDK throws in a stream, in that of a choice, or in an answer of type `error`. */
async function throwReported(answer: unknown): Promise<void> {
  const record = asRecord(Array.isArray(answer) ? answer[0] : answer); // Google's error stands in a list
  const [choice] = asList(record?.choices);
  const { error: ofChoice, finish_reason: ending } = asRecord(choice) ?? {};
  const ofAnswer = record?.object === "error" ? record : record?.error;
  const error = ofChoice || (choice === undefined || ending === "error" ? ofAnswer : undefined);
  if (!error) return;
  const { APIError } = await import("openai");
  throw new APIError(undefined, error, undefined, new Headers());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrongType(expected: string, text: string, secrets: Secrets): ModelCallError {
  const excerpt = secrets.redact(text).replace(/\s+/g, " ").trim().slice(0, excerptCharacters);
  return new ModelCallError(`The server did not answer with ${expected}. Is the \`baseURL\` right? It answered: ${excerpt}`, { retryable: false });
}
