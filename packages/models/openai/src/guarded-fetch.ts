import { ModelCallError } from "@codelet/core";
import { endWatch, isEventStream } from "./event-stream.ts";
import { type SizeLimits, sizeMeter } from "./size-meter.ts";

export interface ResponseLimits extends SizeLimits {
  /** Milliseconds from the request to the first byte of the body. `Infinity` is no limit. */
  readonly firstByteTimeoutMs: number;
  /** Milliseconds between two reads of the body. `Infinity` is no limit. */
  readonly idleTimeoutMs: number;
}

type Fetch = typeof globalThis.fetch;

/** A longer timer of Node's or of a browser's fires at once. */
const longestTimerMs = 2 ** 31 - 1;
/** `Response` can be made with no higher status. */
const highestStatus = 599;

const ended = new WeakSet<Response>();

/** Whether a response of {@link guardedFetch} has said `[DONE]`, which the SDK keeps to itself. */
export function isEnded(response: Response): boolean {
  return ended.has(response);
}

/** A fetch whose responses end in time and in size, or fail with `model-call`. Aborting works also where the inner fetch ignores its signal. */
export function guardedFetch(fetch: Fetch, limits: ResponseLimits): Fetch {
  return async (input, init) => {
    const expiry = new AbortController();
    const signal = init?.signal ? AbortSignal.any([init.signal, expiry.signal]) : expiry.signal;
    const firstByteAt = performance.now() + limits.firstByteTimeoutMs;
    // `async`, since a fetch that throws at once would leave the clock running
    const response = await inTime(
      async () => fetch(input, { ...init, signal }),
      firstByteAt - performance.now(),
      expiry,
      signal,
      "first-byte",
      limits,
    );
    if (response.body === null) return response;

    const reader = response.body.getReader();
    const meter = sizeMeter(limits, isEventStream(response.headers));
    const hasEnded = endWatch();
    let hasBegun = false;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          try {
            const timeout = hasBegun ? "idle" : "first-byte";
            const waitMs = hasBegun ? limits.idleTimeoutMs : firstByteAt - performance.now();
            const { done, value } = await inTime(() => reader.read(), waitMs, expiry, signal, timeout, limits);
            if (done) return controller.close();
            hasBegun = true;
            meter(value);
            if (hasEnded(value)) ended.add(guarded);
            controller.enqueue(value);
          } catch (error) {
            expiry.abort(error);
            discard(reader, error);
            throw error;
          }
        },
        // Not awaited: a stream that never settles must not hold up who leaves it.
        cancel: (reason) => discard(reader, reason),
      },
      { highWaterMark: 0 },
    );
    const guarded = responseLike(response, body);
    return guarded;
  };
}

/** The response with another body. A status that HTTP doesn't know keeps its number, and counts as the server's failure. */
function responseLike({ status, statusText, headers }: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>): Response {
  const made = new Response(body, { status: Math.min(status, highestStatus), statusText, headers });
  return status > highestStatus ? Object.defineProperty(made, "status", { value: status }) : made;
}

/** The promise, unless the time is up or the signal aborted before it settles. The clock runs only while something is waited for. */
function inTime<T>(
  start: () => Promise<T>,
  waitMs: number,
  expiry: AbortController,
  signal: AbortSignal,
  timeout: "first-byte" | "idle",
  limits: ResponseLimits,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (): void => reject(signal.reason);
    if (signal.aborted) return fail();
    const expire = (): void => expiry.abort(timeoutError(timeout, limits));
    const timer = waitMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(expire, Math.min(Math.max(0, waitMs), longestTimerMs));
    signal.addEventListener("abort", fail, { once: true });
    start()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", fail);
      });
  });
}

function timeoutError(timeout: "first-byte" | "idle", limits: ResponseLimits): ModelCallError {
  const maxMs = timeout === "idle" ? limits.idleTimeoutMs : limits.firstByteTimeoutMs;
  const message =
    timeout === "idle" ? `The server went silent for ${maxMs} ms in the middle of its answer.` : `The server sent no byte within ${maxMs} ms.`;
  return new ModelCallError(message, { retryable: true, details: { timeout, maxMs } });
}

function discard(reader: ReadableStreamDefaultReader<unknown>, reason: unknown): void {
  reader.cancel(reason).catch(() => {});
}
