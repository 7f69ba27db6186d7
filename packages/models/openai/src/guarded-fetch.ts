import { ModelCallError } from "@codelet/core";
import { type SizeLimits, sizeMeter } from "./size-meter.ts";

export interface ResponseLimits extends SizeLimits {
  /** Milliseconds from the request to the first byte of the body. */
  readonly firstByteTimeoutMs: number;
  /** Milliseconds between two reads of the body. */
  readonly idleTimeoutMs: number;
}

type Fetch = typeof globalThis.fetch;

/** A fetch whose responses end in time and in size, or fail with `model-call`. Aborting works also where the inner fetch ignores its signal. */
export function guardedFetch(fetch: Fetch, limits: ResponseLimits): Fetch {
  return async (input, init) => {
    const expiry = new AbortController();
    const signal = init?.signal ? AbortSignal.any([init.signal, expiry.signal]) : expiry.signal;
    const firstByteAt = performance.now() + limits.firstByteTimeoutMs;
    const response = await inTime(() => fetch(input, { ...init, signal }), firstByteAt - performance.now(), expiry, signal, "first-byte", limits);
    if (response.body === null) return response;

    const reader = response.body.getReader();
    const meter = sizeMeter(limits, response.headers.get("content-type")?.includes("event-stream") ?? true);
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
    return new Response(body, { status: response.status, statusText: response.statusText, headers: response.headers });
  };
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
    const timer = setTimeout(() => expiry.abort(timeoutError(timeout, limits)), Math.max(0, waitMs));
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
