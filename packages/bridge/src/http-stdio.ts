import { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecutorCrashedError } from "@codelet/core";
import { checkedMs } from "./session-options.ts";
import type { Stdio } from "./stdio-carrier.ts";
import { throwIfAborted } from "./unless-aborted.ts";

/** How a port of a machine is reached. */
export interface HttpStdioOptions {
  /** Sends a request to the port of the machine, through whatever the provider has for it. The signal in `init` must end it: no other time limit holds. */
  readonly request: (path: string, init: RequestInit) => Promise<Response>;
  /** What the supervisor has as CODELET_TOKEN: whoever knows it reaches the session. */
  readonly token: string;
  /** Asks once, as for a port that has answered before. @default false: a port that does not answer yet is asked again, unless it refuses */
  readonly isOnce?: boolean | undefined;
  /** Milliseconds until the port must answer. Minimum 1. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
  /** Milliseconds until the port must have taken what is sent, some 256 KiB at most; after them the connection counts as lost. Minimum 1. @default 30_000 */
  readonly sendTimeoutMs?: number | undefined;
  /** Gives up waiting for it. */
  readonly signal?: AbortSignal | undefined;
}

const defaultStartTimeoutMs = 60_000;
const defaultSendTimeoutMs = 30_000;
const startRetryMs = 100;

/**
 * The streams of a supervisor in a machine that offers a port in place of stdin (`supervisorBoot({ port })`): one request brings what it writes, others take
 * lines to it. Rejects with `executor-crashed` or `aborted` when the port does not answer, with an Error that has its `status` when it refuses.
 */
export async function httpStdio(options: HttpStdioOptions): Promise<Stdio> {
  const { request, token, isOnce = false, signal } = options;
  if (typeof request !== "function") throw new TypeError("Expected `request` to be a function (path, init) => Promise<Response>");
  const startTimeoutMs = checkedMs("startTimeoutMs", options.startTimeoutMs ?? defaultStartTimeoutMs, 1);
  const sendTimeoutMs = checkedMs("sendTimeoutMs", options.sendTimeoutMs ?? defaultSendTimeoutMs, 1);
  const port: Port = { ask: (path, init) => request(path, { ...init, headers: { "x-codelet-token": token } }), sendTimeoutMs };
  for (const startedAt = performance.now(); ; await sleep(startRetryMs)) {
    try {
      return await connect(port, Math.max(1, startTimeoutMs - (performance.now() - startedAt)), signal);
    } catch (cause) {
      throwIfAborted(signal);
      if (isOnce || isRefusal(cause)) throw cause;
      if (performance.now() - startedAt < startTimeoutMs) continue;
      throw new ExecutorCrashedError(`The port of the sandbox did not answer in ${startTimeoutMs} ms.`, { cause });
    }
  }
}

interface Port {
  ask(path: string, init: RequestInit): Promise<Response>;
  readonly sendTimeoutMs: number;
}

async function connect({ ask, sendTimeoutMs }: Port, timeoutMs: number, unwanted: AbortSignal | undefined): Promise<Stdio> {
  const over = new AbortController();
  const response = await answerOf((signal) => ask("/out", { signal }), { own: over, timeoutMs, unwanted });
  if (response.body === null) throw await refusal(response);
  const stdout = Readable.fromWeb(response.body as never).once("close", () => over.abort());
  const post = async (text: string): Promise<void> => {
    const own = new AbortController();
    const answer = await answerOf((signal) => ask("/in", { method: "POST", body: text, signal }), {
      own,
      timeoutMs: sendTimeoutMs,
      unwanted: over.signal,
    });
    await answer.body?.cancel().catch(() => {});
  };
  const stdin = new Writable({ decodeStrings: false, write: (text: string, _, written) => void post(text).then(() => written(), written) });
  return { stdin, stdout };
}

interface Patience {
  /** Gives the request up. */
  readonly own: AbortController;
  /** Until it is answered: what is answered may take its time. */
  readonly timeoutMs: number;
  readonly unwanted: AbortSignal | undefined;
}

async function answerOf(ask: (signal: AbortSignal) => Promise<Response>, { own, timeoutMs, unwanted }: Patience): Promise<Response> {
  const late = new ExecutorCrashedError(`The port of the sandbox did not answer in ${Math.round(timeoutMs)} ms.`);
  const timer = setTimeout(() => own.abort(late), timeoutMs);
  const giveUp = (): void => own.abort(unwanted?.reason);
  unwanted?.addEventListener("abort", giveUp, { once: true });
  if (unwanted?.aborted) giveUp();
  try {
    const response = await ask(own.signal);
    if (!response.ok) throw await refusal(response);
    return response;
  } finally {
    clearTimeout(timer);
    unwanted?.removeEventListener("abort", giveUp);
  }
}

async function refusal({ status, body }: Response): Promise<Error> {
  await body?.cancel().catch(() => {});
  return Object.assign(new Error(`The port of the sandbox answers with status ${status}`), { status });
}

/** Waiting helps where nothing answers yet, not where the provider says no. */
function isRefusal(error: unknown): boolean {
  const status = (error as { readonly status?: unknown } | undefined)?.status;
  return status === 401 || status === 403;
}
