import { ConfigurationError, ModelCallError } from "@codelet/core";
import type { OpenAI } from "openai";
import { asList, asRecord } from "./foreign-json.ts";
import { guardedFetch } from "./guarded-fetch.ts";
import type { ResolvedOptions } from "./openai-options.ts";

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
export function chatEndpoint(options: ResolvedOptions): ChatEndpoint {
  let loading: Promise<OpenAI> | undefined;
  const client = (): Promise<OpenAI> => (loading ??= createClient(options));
  return {
    async complete(body, signal) {
      const answer = await (await client()).post<unknown>(path, { body, ...(signal && { signal }) });
      if (typeof answer === "string") throw wrongType("JSON", answer);
      await throwReported(answer);
      return answer;
    },
    async stream(body, signal) {
      const { data, response } = await (await client())
        .post<AsyncIterable<unknown>>(path, { body, stream: true, ...(signal && { signal }) })
        .withResponse();
      if (response.headers.get("content-type")?.includes("event-stream") ?? true) return data;
      return inOnePiece(await response.text());
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
      organization: options.organization,
      project: options.project,
      webhookSecret: null,
      maxRetries: 0, // the kernel retries, once for all
      timeout: longestTimeoutMs,
      logLevel: "off",
      defaultHeaders: { ...(options.apiKey === "" && { Authorization: null }), ...options.headers },
      fetch: guardedFetch(options.fetch, options),
      fetchOptions: { redirect: "manual" }, // another host must not get the prompt
    });
  } catch (error) {
    throw new ConfigurationError("The openai package refused its options.", { cause: error });
  }
}

/** The stream of a server that doesn't stream: one chunk with the whole message. */
async function inOnePiece(text: string): Promise<AsyncIterable<unknown>> {
  const answer = asRecord(parsed(text));
  await throwReported(answer);
  const choices = asList(answer?.choices)
    .map(asRecord)
    .filter((choice) => choice !== undefined);
  if (choices.length === 0) throw wrongType("an event stream", text);
  const chunk = {
    ...answer,
    choices: choices.map((choice) => ({ ...choice, delta: choice.message, finish_reason: choice.finish_reason ?? "unknown" })),
  };
  return (async function* () {
    yield chunk;
  })();
}

/** Some servers say with status 200 what went wrong. In a stream the SDK throws that. */
async function throwReported(answer: unknown): Promise<void> {
  const error = asRecord(answer)?.error;
  if (!error || asList(asRecord(answer)?.choices).length > 0) return;
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

function wrongType(expected: string, text: string): ModelCallError {
  const excerpt = text.replace(/\s+/g, " ").trim().slice(0, excerptCharacters);
  return new ModelCallError(`The server did not answer with ${expected}. Is the \`baseURL\` right? It answered: ${excerpt}`, { retryable: false });
}
