import { ConfigurationError } from "@codelet/core";
import type { OpenAIEnvironment } from "./openai-environment.ts";

/** How to reach an OpenAI-compatible server and what to ask of it. */
export interface OpenAIModelOptions {
  /** Sent as bearer token, also to a `baseURL` of yours. `""` sends none. @default the environment's OPENAI_API_KEY */
  readonly apiKey?: string | undefined;
  /** Where the server's API begins, such as `http://localhost:8000/v1`; its query goes with every request. @default the environment's OPENAI_BASE_URL, else OpenAI itself */
  readonly baseURL?: string | undefined;
  /** @default the environment's OPENAI_ORG_ID, for the environment's server only */
  readonly organization?: string | undefined;
  /** @default the environment's OPENAI_PROJECT_ID, for the environment's server only */
  readonly project?: string | undefined;
  /** Sent with every request; they win over the client's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** @default the global `fetch`, looked up at each request */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Minimum 0. @default the server's choice */
  readonly temperature?: number | undefined;
  /** Tokens of one answer, reasoning included. Minimum 1. @default the server's choice */
  readonly maxTokens?: number | undefined;
  /** For reasoning models: `"minimal"`, `"low"`, `"medium"`, `"high"` or what else the server knows. @default the server's choice */
  readonly reasoningEffort?: string | undefined;
  /** More fields of the request's body, as they are. Messages, model, tools and stop texts can't be set here. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /**
   * `"send"`: the server ends the answer at a stop text. `"cut"`: it is not told, and the answer is cut here; what follows is read for its usage and
   * dropped. Cutting happens in both. @default "cut" for OpenAI's and xAI's reasoning models and once a server has refused `stop`, else "send"
   */
  readonly stopSequences?: "send" | "cut" | undefined;
  /**
   * Whether pictures that code displays or tools return are sent with the observation. Those of a task always are. A server answers 400 for a model that
   * sees none, and the run fails. @default true for OpenAI's own models that see; false for a `baseURL` of yours
   */
  readonly seesImages?: boolean | undefined;
  /** Milliseconds from the request to the first byte of the answer. Minimum 1; `Infinity` is no limit. @default 300_000 */
  readonly firstByteTimeoutMs?: number | undefined;
  /** Milliseconds without a byte once the answer has begun. Minimum 1; `Infinity` is no limit. @default 120_000 */
  readonly idleTimeoutMs?: number | undefined;
  /** Bytes of one event of a stream, or of an answer in one piece. Minimum 1. @default 16 MiB */
  readonly maxEventBytes?: number | undefined;
  /** Bytes of a whole stream. Minimum 1. @default 128 MiB */
  readonly maxResponseBytes?: number | undefined;
}

export interface ResolvedOptions {
  readonly modelId: string;
  readonly apiKey: string;
  /** Without a query and a slash at its end. */
  readonly baseURL: string;
  readonly query: Readonly<Record<string, string>>;
  readonly organization: string | null;
  readonly project: string | null;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
  readonly reasoningEffort: string | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly stopSequences: "send" | "cut";
  readonly seesImages: boolean;
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxEventBytes: number;
  readonly maxResponseBytes: number;
}

export const openaiBaseURL = "https://api.openai.com/v1";
const defaultFirstByteTimeoutMs = 300_000;
const defaultIdleTimeoutMs = 120_000;
const defaultMaxEventBytes = 16 * 1024 * 1024;
const defaultMaxResponseBytes = 128 * 1024 * 1024;

const optionTypes: Readonly<Record<keyof OpenAIModelOptions, "string" | "number" | "boolean" | "object" | "function">> = {
  ...{ apiKey: "string", baseURL: "string", organization: "string", project: "string", headers: "object", fetch: "function" },
  ...{ temperature: "number", maxTokens: "number", reasoningEffort: "string", parameters: "object", stopSequences: "string", seesImages: "boolean" },
  ...{ firstByteTimeoutMs: "number", idleTimeoutMs: "number", maxEventBytes: "number", maxResponseBytes: "number" },
};

/** Families that answer `stop` with an error. */
const refusesStop = /^(o3(?!-mini)|o4|gpt-5(?!.*chat)|grok-[34])/;

/** OpenAI's models that take no pictures. A fine-tuned one is called `ft:<model>:<owner>…`. */
const isBlind =
  /^(davinci|babbage|gpt-3|gpt-4(-\d{4}|-32k|-turbo-preview|:|$)|o1-(mini|preview)|o3-mini|gpt-4o(-mini)?-(audio|search)|gpt-audio|gpt-oss)/;

/** The complete options. Throws TypeError for a wrong one, `configuration` when no key can be found. */
export function resolveOptions(modelId: string, options: OpenAIModelOptions, environment: OpenAIEnvironment): ResolvedOptions {
  if (typeof modelId !== "string" || modelId === "")
    throw new TypeError(`Expected \`modelId\` to be the name of a model, got \`${modelId}\` (${typeof modelId})`);
  checkTypes(options);
  const { parameters = {}, temperature, maxTokens } = options;
  const isEnvironmentsServer = options.baseURL === undefined;
  const givenURL = options.baseURL ?? environment.baseURL ?? openaiBaseURL;
  const givenKey = options.apiKey ?? environment.apiKey ?? "";
  checkBaseURL(givenURL);
  checkHeaders(givenKey, options.headers ?? {});
  const headers = lowerCased(options.headers ?? {});
  const { origin, pathname, searchParams } = new URL(givenURL);
  const baseURL = origin + pathname.replace(/\/+$/, "");
  const apiKey = givenKey.trim(); // as it is sent, so that it is recognised when it comes back
  if (temperature !== undefined) checkNumber("temperature", temperature, 0);
  if (maxTokens !== undefined) checkNumber("maxTokens", maxTokens, 1);
  if (options.apiKey === undefined && apiKey === "" && baseURL === openaiBaseURL && !("authorization" in headers)) {
    throw new ConfigurationError(
      "There is no key for OpenAI: set the variable OPENAI_API_KEY, or pass `apiKey`, or the `baseURL` of a server without one.",
    );
  }
  return {
    modelId,
    apiKey,
    baseURL,
    query: Object.fromEntries(searchParams),
    organization: options.organization ?? (isEnvironmentsServer ? environment.organization : undefined) ?? null,
    project: options.project ?? (isEnvironmentsServer ? environment.project : undefined) ?? null,
    headers,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    temperature,
    maxTokens,
    reasoningEffort: options.reasoningEffort,
    parameters,
    stopSequences: resolveStopSequences(modelId, options.stopSequences),
    seesImages: options.seesImages ?? (baseURL === openaiBaseURL && !isBlind.test(modelId.replace(/^ft:/, ""))),
    firstByteTimeoutMs: checkNumber("firstByteTimeoutMs", options.firstByteTimeoutMs ?? defaultFirstByteTimeoutMs, 1),
    idleTimeoutMs: checkNumber("idleTimeoutMs", options.idleTimeoutMs ?? defaultIdleTimeoutMs, 1),
    maxEventBytes: checkNumber("maxEventBytes", options.maxEventBytes ?? defaultMaxEventBytes, 1),
    maxResponseBytes: checkNumber("maxResponseBytes", options.maxResponseBytes ?? defaultMaxResponseBytes, 1),
  };
}

/** A `baseURL` that is misspelt or null would send key and prompts to OpenAI. */
function checkTypes(options: OpenAIModelOptions): void {
  if (typeof options !== "object" || options === null) throw new TypeError("Expected the options to be an object, such as { apiKey }");
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(optionTypes, name)) throw new TypeError(`Expected an option of ${Object.keys(optionTypes).join(", ")}, got \`${name}\``);
    const expected = optionTypes[name as keyof OpenAIModelOptions];
    const actual = typeof value === "object" ? Object.prototype.toString.call(value).slice(8, -1).toLowerCase() : typeof value;
    // Its value stays out of the message: it may be a key.
    if (value !== undefined && actual !== expected) throw new TypeError(`Expected \`${name}\` to be a value of type ${expected}, got ${actual}`);
  }
}

function resolveStopSequences(modelId: string, choice: OpenAIModelOptions["stopSequences"]): "send" | "cut" {
  if (choice === undefined) return refusesStop.test(modelId.split("/").at(-1) ?? modelId) ? "cut" : "send";
  if (choice !== "send" && choice !== "cut")
    throw new TypeError(`Expected \`stopSequences\` to be "send" or "cut", got \`${choice}\` (${typeof choice})`);
  return choice;
}

function checkNumber(name: string, value: number, minimum: number): number {
  if (typeof value !== "number" || !(value >= minimum))
    throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${value}\` (${typeof value})`);
  return value;
}

function checkBaseURL(baseURL: string): void {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new TypeError("Expected `baseURL` to be an http or https URL without a user name, such as `http://localhost:8000/v1`.");
  }
}

/** What fetch would refuse is refused here: its own message would show the value. */
function checkHeaders(apiKey: string, headers: Readonly<Record<string, string>>): void {
  if (!isHeader("authorization", apiKey)) throw new TypeError("Expected `apiKey` to be text without line breaks or characters beyond Latin-1.");
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeader(name, value)) throw new TypeError(`Expected \`headers\` to hold valid names and values; \`${name}\` is not.`);
  }
}

function isHeader(name: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
