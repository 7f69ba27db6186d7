import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { expectFailures, html, silent } from "./testing/failures.ts";
import { ask, gather } from "./testing/gather.ts";
import { type Answer, chunk, eventStream, fixture, loopbackServer, streamed } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

describe("time", () => {
  it("runs out before the headers", async () => {
    await expectFailures(silent, { retryable: true, details: { timeout: "first-byte", maxMs: 50 } }, { firstByteTimeoutMs: 50 });
  });

  it("runs out between the headers and the first byte", async () => {
    const answer: Answer = (response) => void response.writeHead(200, eventStream).flushHeaders();
    await using server = await loopbackServer(answer);
    const failure = gather(openai("fixture-1", { baseURL: server.baseURL, firstByteTimeoutMs: 50 }), ask("Hi."));
    await expect(failure).rejects.toMatchObject({ retryable: true, details: { timeout: "first-byte", maxMs: 50 } });
    await server.requests[0]?.hungUp;
  });

  it("runs out in the middle", async () => {
    await using server = await loopbackServer(streamed(chunk({ content: "par" }), { end: "hang" }));
    const failure = gather(openai("fixture-1", { baseURL: server.baseURL, idleTimeoutMs: 50 }), ask("Hi."));
    await expect(failure).rejects.toMatchObject({ retryable: true, details: { timeout: "idle", maxMs: 50 } });
    await server.requests[0]?.hungUp;
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 1e12])("does not run out within a moment where the limit is %d ms", async (limitMs) => {
    const slow: Answer = async (response) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      response.writeHead(200, eventStream).write(chunk({ content: "late" }));
      await new Promise((resolve) => setTimeout(resolve, 30));
      response.end(chunk({}, "stop"));
    };
    await using server = await loopbackServer(slow);
    const model = openai("fixture-1", { baseURL: server.baseURL, firstByteTimeoutMs: limitMs, idleTimeoutMs: limitMs });
    expect((await gather(model, ask("Hi."))).map(({ type }) => type)).toEqual(["text", "finish"]);
  });

  it("is not waited for once a fetch has thrown", async () => {
    const fetch = (): never => {
      throw new TypeError("no network here");
    };
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const failure = openai("fixture-1", { baseURL: "http://127.0.0.1:9/v1", fetch }).generate(ask("Hi."));
    await expect(failure).rejects.toMatchObject({ code: "model-call", retryable: true });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it("does not run out while the consumer takes its time", async () => {
    await using server = await loopbackServer(streamed(fixture("code-answer.sse"), { pieceBytes: 400 }));
    let count = 0;
    for await (const _ of openai("fixture-1", { baseURL: server.baseURL, idleTimeoutMs: 500 }).stream?.(ask("Hi.")) ?? []) {
      if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    expect(count).toBe(8 - 1);
  });
});

describe("the signal", () => {
  it("ends a stream that never ends", async () => {
    const endless: Answer = async (response) => {
      response.writeHead(200, eventStream);
      while (!response.destroyed) {
        response.write(chunk({ content: "again and " }));
        await new Promise(setImmediate);
      }
    };
    await using server = await loopbackServer(endless);
    const model = openai("fixture-1", { baseURL: server.baseURL });
    await expect(gather(model, { ...ask("Hi."), signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: "AbortError", code: "aborted" });
    await server.requests[0]?.hungUp;
  });

  it("works with a fetch that ignores it", async () => {
    const model = openai("fixture-1", { baseURL: "http://127.0.0.1:9/v1", fetch: () => new Promise(() => {}) });
    await expect(model.generate({ ...ask("Hi."), signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("size", () => {
  let sentBytes = 0;
  /** Writes until the client hangs up or a hundred megabytes are out. */
  const flood =
    (headers: Readonly<Record<string, string>>, start: string, piece: string, status = 200): Answer =>
    async (response) => {
      response.writeHead(status, headers).write(start);
      const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
      for (sentBytes = 0; sentBytes < 100e6 && !response.destroyed; await new Promise(setImmediate)) {
        if (response.writableNeedDrain) continue;
        response.write(bytes);
        sentBytes += bytes.length;
      }
      response.end();
    };

  it.each([
    ["one line without end", eventStream, 'data: {"choices":[{"delta":{"content":"', "x", "maxEventBytes"],
    ["an event of many lines", eventStream, "", "data: x\n", "maxEventBytes"],
    ["comments without end", eventStream, "", ":\n\n", "maxEventBytes"],
    ["events without end", eventStream, "", chunk({}), "maxResponseBytes"],
  ])("%s is cut", async (_, headers, start, piece, limit) => {
    await using server = await loopbackServer(flood(headers, start, piece));
    const model = openai("fixture-1", { baseURL: server.baseURL, maxEventBytes: 1e6, maxResponseBytes: 5e6 });
    await expect(gather(model, ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: false, details: { limit } });
    await server.requests[0]?.hungUp;
    expect(sentBytes).toBeLessThan(50e6);
  });

  it("a body of a hundred megabytes is cut", async () => {
    await using server = await loopbackServer(flood({ "content-type": "application/json" }, '{"x":"', "x"));
    const failure = openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."));
    await expect(failure).rejects.toMatchObject({ code: "model-call", retryable: false, details: { limit: "maxEventBytes", max: 16 * 1024 * 1024 } });
  });

  it("an error page of a hundred megabytes is cut", async () => {
    await using server = await loopbackServer(flood(html, "<html>", "x", 503));
    await expect(openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({ code: "model-call", status: 503 });
  });

  it("one chunk of a hundred megabytes is refused", async () => {
    const fetch = async (): Promise<Response> => new Response(new Uint8Array(100e6).fill(120), { headers: eventStream });
    await expect(gather(openai("fixture-1", { baseURL: "http://127.0.0.1:9/v1", fetch }), ask("Hi."))).rejects.toMatchObject({
      details: { limit: "maxEventBytes" },
    });
  });
});
