import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Carrier } from "./carrier.ts";
import { type HttpStdioOptions, httpStdio } from "./http-stdio.ts";
import { stdioCarrier } from "./stdio-carrier.ts";
import { superviseCarrier } from "./supervise-carrier.ts";

interface Port extends AsyncDisposable {
  readonly carrier: Carrier;
  readonly options: HttpStdioOptions;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** What the port does from now on. */
  serve(listener: RequestListener): void;
}

const stream: RequestListener = (_, response) => {
  response.writeHead(200);
  response.flushHeaders();
};

const close = async (): Promise<void> => {};

async function openPort(given: Partial<HttpStdioOptions> = {}): Promise<Port> {
  let listener = stream;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    listener(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { request: (path: string, init: RequestInit) => fetch(url + path, init), token: "t", ...given };
  const carrier = stdioCarrier({ stdio: await httpStdio(options), close });
  return {
    carrier,
    options,
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
  await expect(httpStdio({ token: "t" } as never)).rejects.toThrow(
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
  await expect(sending).rejects.toThrow(/aborted/);
});

test("a stream that ends before anybody listens to it counts as lost", async () => {
  const stdio = await httpStdio({ request: async () => new Response("<html>"), token: "t" });
  await sleep(20);
  const carrier = stdioCarrier({ stdio, close });
  await sleep(20);
  await expect(superviseCarrier(carrier, { maxReconnects: 0, readyTimeoutMs: 2_000 })).rejects.toMatchObject({
    code: "executor-crashed",
    message: expect.stringContaining("the process ended"),
  });
});

test("is given up at once for a signal that was aborted before", async () => {
  await using port = await openPort();
  await expect(httpStdio({ ...port.options, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});

test("stays once it has answered, whatever becomes of the time and the signal that it had for that", async () => {
  const controller = new AbortController();
  await using port = await openPort({ startTimeoutMs: 50, signal: controller.signal });
  let isLost = false;
  port.carrier.onLost(() => {
    isLost = true;
  });
  await sleep(60);
  controller.abort();
  await sleep(20);
  expect(isLost).toBe(false);
});

test.each([401, 403])("is no longer waited for when it answers with status %i", async (status) => {
  await using port = await openPort();
  port.serve((_, response) => void response.writeHead(status).end());
  await expect(httpStdio(port.options)).rejects.toMatchObject({ status, message: `The port of the sandbox answers with status ${status}` });
  expect(port.asked).toHaveLength(2);
});

test("is asked again until it answers, and only once where it has answered before", async () => {
  await using port = await openPort();
  port.serve((_, response) => {
    response.writeHead(404).end();
    port.serve(stream);
  });
  const { request } = port.options;
  const rejections = [undefined, null];
  const unreliable: typeof request = (path, init) => (rejections.length > 0 ? Promise.reject(rejections.pop()) : request(path, init));
  const { stdin, stdout } = await httpStdio({ ...port.options, request: unreliable });
  expect(port.asked).toHaveLength(3);
  for (const each of [stdin, stdout]) each.destroy();
  port.serve((_, response) => void response.writeHead(404).end());
  await expect(httpStdio({ ...port.options, isOnce: true })).rejects.toMatchObject({ status: 404 });
  expect(port.asked).toHaveLength(4);
});
