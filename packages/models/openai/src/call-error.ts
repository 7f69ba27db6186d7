import { AbortedError, CodeletError, ModelCallError } from "@codelet/core";
import { asRecord, asText, type ForeignRecord, isDeep, jsonText } from "./foreign-json.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { Secrets } from "./secrets.ts";

export interface CallErrorContext {
  readonly modelId: string;
  /** Where the API begins. */
  readonly baseURL: string;
  readonly secrets: Secrets;
  readonly signal: AbortSignal | undefined;
}

/** What the SDK's status errors have, whichever copy of the SDK made them. */
export interface StatusError extends Error {
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  readonly error: unknown;
}

/** Codes of Groq, where the model wrote what is no call or no JSON: it may write something else. */
export const failedGenerations: readonly string[] = ["tool_use_failed", "json_validate_failed"];
/** Types of errors that the same request gets again. They tell where an error has no status. */
const callersFaults = ["invalid_request_error", "authentication_error"];
const maxMessageCharacters = 500;
const maxCodeCharacters = 100;
const maxCauses = 5;

/** Whatever a call threw as `aborted` or `model-call`, with no key in it. */
export function callError(thrown: unknown, context: CallErrorContext): CodeletError {
  if (context.signal?.aborted) return new AbortedError(context.signal.reason);
  const chain = causesOf(thrown);
  const known = chain.find((error) => CodeletError.isInstance(error));
  if (known !== undefined && !(known instanceof ModelCallError)) return known;
  const hasDeepAnswer = chain.some((error) => isStatusError(error) && isDeep(error.error)); // no key would be found there
  const cause = hasDeepAnswer || context.secrets.areIn(() => chain.map(textOf).join("\n")) ? undefined : thrown;
  if (known !== undefined) return withContext(known, context);
  const [error] = chain;
  if (isStatusError(error)) return statusError(error, cause, context);
  if (error instanceof SyntaxError)
    // Without its cause, whose message quotes a few characters of the answer: they may be a part of the key.
    return new ModelCallError(`${context.modelId}: ${hostOf(context)} sent malformed JSON.`, { retryable: true });
  return connectionError(chain, cause, context);
}

function withContext(error: ModelCallError, { modelId, secrets }: CallErrorContext): ModelCallError {
  const { status, retryable, retryAfterMs, details } = error;
  return new ModelCallError(secrets.redact(`${modelId}: ${error.message}`), { status, retryable, retryAfterMs, details });
}

function statusError(error: StatusError, cause: unknown, context: CallErrorContext): ModelCallError {
  const { modelId, secrets } = context;
  const body = asRecord(error.error);
  const short = (text: unknown): string => secrets.redact(asText(text)).slice(0, maxCodeCharacters);
  const code = short(body?.code) || short(body?.type);
  const param = short(body?.param);
  const status = statusOf(error);
  const details = { ...(code && { code }), ...(param && { param }) };
  const answered = `${modelId}: ${hostOf(context)} answered ${status ?? "with an error"}${code === "" ? "" : ` (${code})`}`;
  const what = `${answered}: ${explanation(error, secrets)}${advice(error, context)}`;
  const isCallersFault = status === undefined && callersFaults.includes(asText(body?.type));
  const retryable = failedGenerations.includes(code) || (isCallersFault || isHopeless(error, code) ? false : undefined);
  return new ModelCallError(secrets.redact(what), {
    status,
    retryable,
    retryAfterMs: retryAfterMs(error.headers, `${saidIn(error)} ${detailsOf(body)}`),
    details,
    cause,
  });
}

/** Of an error that came with status 200, the one that routers put in its code. */
export function statusOf(error: StatusError): number | undefined {
  const code = Number(asRecord(error.error)?.code);
  return error.status ?? (Number.isInteger(code) && code >= 400 && code <= 599 ? code : undefined);
}

/** An empty account answers 429 as a busy one does, and waiting does not fill it. */
function isHopeless(error: StatusError, code: string): boolean {
  return code === "insufficient_quota" || error.headers?.get("x-should-retry") === "false";
}

/** What the server said. Routers say only in `metadata` what the provider behind them did. */
export function saidIn(error: StatusError): string {
  const body = asRecord(error.error);
  const said = asText(body?.message) || asText(error.error) || error.message.replace(/^\d{3} /, "");
  const raw = asRecord(body?.metadata)?.raw;
  return raw === undefined ? said : `${said}: ${typeof raw === "string" ? raw : jsonText(raw)}`;
}

/** Where Google says how long to wait. */
function detailsOf(body: ForeignRecord | undefined): string {
  return body?.details === undefined ? "" : jsonText(body.details);
}

/** What the server said, redacted before it is cut: a part of a key would not be found any more. */
function explanation(error: StatusError, secrets: Secrets): string {
  const text = secrets.redact(saidIn(error)).replace(/\s+/g, " ").trim();
  if (/^<(!doctype|html|\?xml)/i.test(text)) return `a web page instead of JSON.${(error.status ?? 0) < 500 ? " Is the `baseURL` right?" : ""}`;
  return text.length > maxMessageCharacters ? `${text.slice(0, maxMessageCharacters)}…` : text;
}

/** What is probably wrong with the base URL. */
function advice({ status, headers }: StatusError, { baseURL }: CallErrorContext): string {
  const location = headers?.get("location") ?? "";
  if (status !== undefined && status >= 300 && status < 400 && URL.canParse(location, baseURL)) {
    const { origin, pathname } = new URL(location, baseURL);
    return ` It redirects to ${origin}${pathname}, which is not followed: the \`baseURL\` must be the API's own.`;
  }
  const isWrongPath = status === undefined || status === 404 || status === 405;
  if (!isWrongPath) return "";
  const { pathname } = new URL(baseURL);
  if (pathname.endsWith("/chat/completions")) return " The `baseURL` ends before /chat/completions, which is added.";
  return pathname === "/" ? " Does the `baseURL` lack a path, such as /v1?" : "";
}

function connectionError(chain: readonly unknown[], cause: unknown, context: CallErrorContext): ModelCallError {
  const { modelId, secrets } = context;
  const code = chain.map((error) => asText(asRecord(error)?.code)).find((text) => text !== "");
  const innermost = chain.at(-1);
  const reason = code ?? (innermost instanceof Error ? `${innermost.name}: ${innermost.message}` : "unknown reason");
  return new ModelCallError(secrets.redact(`${modelId}: the connection to ${hostOf(context)} failed (${reason}).`), {
    retryable: true,
    cause,
    ...(code !== undefined && { details: { code: secrets.redact(code) } }),
  });
}

function hostOf({ baseURL }: CallErrorContext): string {
  return new URL(baseURL).host;
}

export function isStatusError(error: unknown): error is StatusError {
  return (
    error instanceof Error && "headers" in error && "error" in error && "status" in error && (error.status !== undefined || error.error !== undefined)
  );
}

function causesOf(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (
    let error = thrown;
    error !== undefined && error !== null && chain.length < maxCauses;
    error = error instanceof Error ? error.cause : undefined
  )
    chain.push(error);
  return chain;
}

/** Everything that a log may print of an error. */
function textOf(error: unknown): string {
  if (!isStatusError(error)) return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  return [error.message, error.stack, JSON.stringify(error.error), ...(error.headers?.values() ?? [])].join("\n");
}
