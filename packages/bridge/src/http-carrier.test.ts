import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError } from "@codelet/core";
import { expect, test, vi } from "vitest";
import type { Carrier } from "./carrier.ts";
import { type HttpCarrierOptions, httpCarrier } from "./http-carrier.ts";
import { superviseCarrier } from "./supervise-carrier.ts";

interface Port extends AsyncDisposable {
  readonly carrier: Carrier;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** What the port does from now on. */
  serve(listener: RequestListener): void;
}

const stream: RequestListener = (_, response) => {
  response.writeHead(200);
  response.flushHeaders();
};

async function openPort(options: Partial<HttpCarrierOptions> = {}): Promise<Port> {
  let listener = stream;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const carrier = await httpCarrier({ request: (path, init) => fetch(url + path, init), token: "t", close: async () => {}, ...options });
  return {
    carrier,
    asked,
    serve(next) {
      listener = next;
    },
    async [Symbol.asyncDispose]() {
      await carrier.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

test("is refused at once without a way to send requests", async () => {
  await expect(httpCarrier({ token: "t", close: async () => {} } as never)).rejects.toThrow(
    new TypeError("Expected `request` to be a function (path, init) => Promise<Response>"),
  );
});

test("what is sent counts as lost when the port takes it and says nothing", async () => {
  await using port = await openPort({ sendTimeoutMs: 50 });
  port.serve(() => {});
  await expect(port.carrier.send("line\n")).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringContaining("in 50 ms") });
});

test("what is sent ends with the carrier", async () => {
  await using port = await openPort();
  port.serve(() => {});
  const sending = port.carrier.send("line\n");
  await port.carrier.close();
  await expect(sending).rejects.toThrow();
});

test("a stream that ends before anybody listens to it counts as lost", async () => {
  const carrier = await httpCarrier({ request: async () => new Response("<html>"), token: "t", close: async () => {} });
  await sleep(20);
  await expect(superviseCarrier(carrier, { maxReconnects: 0, readyTimeoutMs: 2_000 })).rejects.toMatchObject({
    code: "executor-crashed",
    message: expect.stringContaining("the stream ended"),
  });
});

test("asks whether the machine is gone only when the port refuses, and says so", async () => {
  let isGone = false;
  let questions = 0;
  await using port = await openPort({
    async isGone() {
      questions++;
      return isGone;
    },
  });
  await port.carrier.reconnect?.();
  expect(questions).toBe(0);
  port.serve((_, response) => void response.writeHead(404).end());
  await expect(port.carrier.reconnect?.()).rejects.toMatchObject({ code: "executor-crashed", details: {} });
  isGone = true;
  await expect(port.carrier.reconnect?.()).rejects.toMatchObject({ code: "executor-crashed", details: { machine: "gone" } });
  expect(questions).toBe(2);
});

test("leaves the last word on a key to the provider, where it can be asked", async () => {
  const refuse: RequestListener = (_, response) => void response.writeHead(401).end();
  await using alone = await openPort();
  alone.serve(refuse);
  await expect(alone.carrier.reconnect?.()).rejects.toMatchObject({ code: "configuration" });
  const isGone = vi.fn<() => Promise<boolean>>(async () => false);
  await using port = await openPort({ isGone });
  port.serve(refuse);
  await expect(port.carrier.reconnect?.()).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringContaining("status 401") });
  isGone.mockRejectedValue(new ConfigurationError("The key was revoked."));
  await expect(port.carrier.reconnect?.()).rejects.toMatchObject({ code: "configuration", message: "The key was revoked." });
});
