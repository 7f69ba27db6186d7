import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError, CodeletError, ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import type { Carrier } from "./carrier.ts";
import { machineGone } from "./machine-gone.ts";
import { checkedMs } from "./session-options.ts";

/** How a port of a machine is reached. */
export interface HttpCarrierOptions {
  /** Sends a request to the port of the machine, through whatever the provider has for it. */
  readonly request: (path: string, init: RequestInit) => Promise<Response>;
  /** What the supervisor has as CODELET_TOKEN: whoever knows it reaches the session. */
  readonly token: string;
  /** Ends the machine; never rejects. */
  readonly close: () => Promise<void>;
  /** Milliseconds until the port must answer, at first and after each loss of the connection. Minimum 1. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
  /** Milliseconds until the port must have taken what is sent, some 256 KiB at most; after them the connection counts as lost. Minimum 1. @default 30_000 */
  readonly sendTimeoutMs?: number | undefined;
  /**
   * Asks the provider, when the port does not answer any more, whether the machine is gone for good. Rejects with `configuration` where the key is not valid
   * any more: the provider has the last word on it, as a port may refuse a token that has been renewed. @default the port is tried again, unless it refuses
   */
  readonly isGone?: (() => Promise<boolean>) | undefined;
  /** Gives up waiting for it. */
  readonly signal?: AbortSignal | undefined;
}

const defaultStartTimeoutMs = 60_000;
const defaultSendTimeoutMs = 30_000;
const startRetryMs = 100;

/**
 * The carrier of machines that offer a port in place of stdin: one request streams what the supervisor (`supervisorBoot({ port })`) writes, others bring it lines.
 * Rejects with `executor-crashed`, `configuration` or `aborted` when the port does not answer; the machine is still the caller's then.
 */
export async function httpCarrier(options: HttpCarrierOptions): Promise<Carrier> {
  const { request, token, close, isGone, signal } = options;
  if (typeof request !== "function") throw new TypeError("Expected `request` to be a function (path, init) => Promise<Response>");
  const startTimeoutMs = checkedMs("startTimeoutMs", options.startTimeoutMs ?? defaultStartTimeoutMs, 1);
  const sendTimeoutMs = checkedMs("sendTimeoutMs", options.sendTimeoutMs ?? defaultSendTimeoutMs, 1);
  const headers = { "x-codelet-token": token };
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  let stream = new AbortController();
  /** How the stream ended: told to who sends, as nobody may have listened then. */
  let failure: ExecutorCrashedError | undefined;

  const connect = async (timeoutMs: number, unwanted?: AbortSignal): Promise<void> => {
    stream.abort();
    const current = new AbortController();
    stream = current;
    failure = undefined;
    const giveUp = (): void => current.abort(new ExecutorCrashedError("The port of the sandbox did not answer in time."));
    const timer = setTimeout(giveUp, timeoutMs); // until it answers: the stream itself may be silent
    unwanted?.addEventListener("abort", giveUp, { once: true });
    if (unwanted?.aborted) giveUp();
    try {
      const response = await request("/out", { headers, signal: current.signal });
      if (!response.ok || response.body === null) throw await refusal(response);
      void pump(response.body, current.signal);
    } finally {
      clearTimeout(timer);
      unwanted?.removeEventListener("abort", giveUp);
    }
  };
  const pump = async (body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> => {
    let reason = "the stream ended";
    try {
      for await (const chunk of body) if (!signal.aborted) receive(chunk);
    } catch (error) {
      reason = String(error);
    }
    if (signal.aborted) return;
    failure = new ExecutorCrashedError(reason);
    lost(reason);
  };
  const post = async (body: string): Promise<void> => {
    if (failure !== undefined) throw failure;
    const { signal: ofStream } = stream;
    const own = new AbortController();
    const leave = (): void => own.abort(ofStream.reason);
    const timer = setTimeout(() => own.abort(new ExecutorCrashedError(`The port took nothing in ${sendTimeoutMs} ms.`)), sendTimeoutMs);
    ofStream.addEventListener("abort", leave, { once: true });
    if (ofStream.aborted) leave();
    try {
      const response = await request("/in", { method: "POST", headers, body, signal: own.signal });
      if (!response.ok) throw await refusal(response);
      await response.body?.cancel().catch(() => {});
    } finally {
      clearTimeout(timer);
      ofStream.removeEventListener("abort", leave);
    }
  };
  const end = async (): Promise<void> => stream.abort();

  for (const startedAt = performance.now(); ; await sleep(startRetryMs)) {
    try {
      await connect(Math.max(1, startTimeoutMs - (performance.now() - startedAt)), signal);
      break;
    } catch (cause) {
      const isRefused = CodeletError.isInstance(cause, "configuration");
      if (performance.now() - startedAt < startTimeoutMs && !isRefused && signal?.aborted !== true) continue;
      await end();
      if (signal?.aborted) throw new AbortedError(signal.reason);
      if (isRefused) throw cause;
      throw new ExecutorCrashedError(`The port of the sandbox did not answer in ${startTimeoutMs} ms.`, { cause });
    }
  }
  return {
    send: post,
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
    },
    async reconnect() {
      try {
        await connect(startTimeoutMs);
      } catch (cause) {
        if (isGone === undefined) throw cause;
        const { message } = cause as Error;
        throw (await isGone()) ? machineGone(`the sandbox is gone (${message})`, { cause }) : new ExecutorCrashedError(message, { cause });
      }
    },
    async close() {
      await end();
      await close();
    },
    detach: end,
  };
}

/** Waiting helps where nothing answers yet, not where the provider says no. */
async function refusal(response: Response): Promise<ConfigurationError | ExecutorCrashedError> {
  await response.body?.cancel().catch(() => {});
  const said = `The port of the sandbox answers with status ${response.status}`;
  if (response.status === 401 || response.status === 403) return new ConfigurationError(`${said}: the key or token is not valid, or not any more.`);
  return new ExecutorCrashedError(`${said}.`);
}
