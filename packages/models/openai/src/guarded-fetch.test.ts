import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { guardedFetch } from "./guarded-fetch.ts";

const limits = { firstByteTimeoutMs: 100, idleTimeoutMs: 1_000, maxEventBytes: 10, maxResponseBytes: 100 };
const url = "https://example.com/";

/** A response whose body is read byte by byte, and what happens to it. */
function aBody(text = "", cancelled: (reason: unknown) => unknown = () => undefined) {
  const bytes = new TextEncoder().encode(text);
  const pull = vi.fn((controller: ReadableStreamDefaultController) => {
    const byte = bytes[pull.mock.calls.length - 1];
    return byte === undefined ? controller.close() : controller.enqueue(Uint8Array.of(byte));
  });
  const cancel = vi.fn(cancelled as () => void);
  const response = new Response(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), { headers: { "content-type": "application/json" } });
  const fetch = vi.fn(async (_input: unknown, _init?: RequestInit) => response);
  const signal = (): AbortSignal => fetch.mock.calls[0]?.[1]?.signal as AbortSignal;
  return { pull, cancel, fetch, signal };
}

describe("guardedFetch", () => {
  afterEach(() => void vi.useRealTimers());

  it("fetches nothing for a signal that is aborted", async () => {
    const { fetch } = aBody();
    await expect(guardedFetch(fetch, limits)(url, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    expect(fetch).not.toHaveBeenCalled();
  });

  it("reads nothing that nobody asked for, and leaves no listener behind", async () => {
    const { fetch, pull, signal } = aBody("whole");
    const response = await guardedFetch(fetch, limits)(url, { signal: new AbortController().signal });
    await new Promise(setImmediate);
    expect(pull).not.toHaveBeenCalled();
    expect(await response.text()).toBe("whole");
    expect(getEventListeners(signal(), "abort")).toEqual([]);
    expect(signal().aborted).toBe(false);
  });

  it("ends both the request and its body where that is too large", async () => {
    const { fetch, cancel, signal } = aBody("more than ten bytes");
    const response = await guardedFetch(fetch, limits)(url);
    await expect(response.text()).rejects.toMatchObject({ details: { limit: "maxEventBytes" } });
    expect(cancel).toHaveBeenCalledWith(expect.objectContaining({ code: "model-call" }));
    expect(signal().reason).toMatchObject({ code: "model-call" });
  });

  it("waits for no body that doesn't let itself be left", async () => {
    const { fetch, cancel } = aBody("a", () => new Promise(() => {}));
    const response = await guardedFetch(fetch, limits)(url);
    await response.body?.cancel("left");
    expect(cancel).toHaveBeenCalledWith("left");
  });

  it("gives the headers and the first byte the time of one", async () => {
    vi.useFakeTimers();
    const hangs = new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    const fetch = () => new Promise<Response>((resolve) => setTimeout(() => resolve(hangs), 60));
    const failure = guardedFetch(fetch, limits)(url).then((response) => response.text());
    const settled = vi.fn();
    failure.catch(settled);
    await vi.advanceTimersByTimeAsync(99);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    expect(settled.mock.calls[0]?.[0]).toMatchObject({ details: { timeout: "first-byte", maxMs: 100 } });
  });

  it("leaves a response without a body as it is", async () => {
    const response = new Response(null, { status: 204 });
    expect(await guardedFetch(async () => response, limits)(url)).toBe(response);
  });
});
