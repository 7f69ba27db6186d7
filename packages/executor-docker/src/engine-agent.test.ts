import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { engineAgent } from "./engine-agent.ts";

afterEach(() => void vi.useRealTimers());

async function withServer(answer: (socket: Socket, asked: string) => void, use: (engine: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.once("data", (data) => answer(socket, String(data)));
  });
  const engine = join(folder, "engine.sock");
  await once(server.listen(engine), "listening");
  try {
    await use(engine);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

it.each(["https://nowhere.invalid/", "http://nowhere.invalid/", "/elsewhere", "ftp://nowhere.invalid/", "unix:///x", "mailto:x"])(
  "follows no redirect to %s",
  (location) =>
    withServer(
      (socket) => socket.end(`HTTP/1.1 301 Moved Permanently\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      async (engine) => {
        await expect(dockerExecutor({ engine }).open()).rejects.toMatchObject({
          code: "configuration",
          message: expect.stringContaining("redirects"),
        });
        await sleep(100); // what failed by itself would end the process
      },
    ),
);

const answerOf = (body: string, length = body.length): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

it.each([
  ["", (socket: Socket) => void socket],
  [" after a part of its answer", (socket: Socket) => void socket.write(answerOf("{", 100))],
  [
    " about an image whose name looks like a long job",
    (socket: Socket, asked: string) => void (asked.startsWith("GET /images/") || socket.end(answerOf(asked.includes("/containers/") ? "[]" : "{}"))),
  ],
])("waits for an engine that is silent%s for a minute, and no longer", (_, answer) =>
  withServer(answer, async (engine) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const refused = expect(dockerExecutor({ engine, engineType: "docker", image: "acme/build/start:1" }).open()).rejects.toMatchObject({
      code: "executor-crashed",
      message: expect.stringContaining("did not answer in 60 s"),
    });
    await sleep(200);
    await vi.advanceTimersByTimeAsync(60_000);
    await refused;
  }),
);

it("waits for a container to be made for five minutes: some engines copy its image", () => {
  let isAsked = false;
  return withServer(
    (socket, asked) => {
      if (asked.startsWith("POST /containers/create")) isAsked = true;
      const body = asked.startsWith("GET /containers/json") ? "[]" : '{"Id":"sha256:1"}';
      if (asked.startsWith("GET")) socket.end(answerOf(body));
    },
    async (engine) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      let failure: unknown;
      const opening = dockerExecutor({ engine, engineType: "docker" })
        .open()
        .catch((error: unknown) => {
          failure = error;
        });
      while (!isAsked) await sleep(10);
      await vi.advanceTimersByTimeAsync(299_000);
      expect(failure).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1_000);
      await opening;
      expect(failure).toMatchObject({ code: "executor-crashed", message: expect.stringContaining("did not answer in 300 s") });
    },
  );
});

describe("one request", () => {
  const ask = (socketPath: string, path: string): ClientRequest => request({ socketPath, path, method: "POST", agent: engineAgent(undefined) });

  it.each(["/build?t=acme", "/images/create?fromImage=acme"])("has all the time that a long job takes: %s", (path) =>
    withServer(
      () => {},
      async (engine) => {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
        const job = ask(engine, path).on("error", () => {});
        job.end();
        await vi.advanceTimersByTimeAsync(3_600_000);
        expect(job.destroyed).toBe(false);
        job.destroy();
      },
    ),
  );

  it.each([
    ["is over", "/containers/1/stop", "close", answerOf("{}")],
    ["has become a stream", "/containers/1/attach?stream=1", "upgrade", "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"],
    ["has become an answer without an end", "/containers/1/attach?stream=1", "response", answerOf("", 100)],
  ])("holds no timer once it %s", (_, path, event, answer) =>
    withServer(
      (socket) => socket.write(answer),
      async (engine) => {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
        const attached = ask(engine, path).on("error", () => {});
        if (event === "close") attached.on("response", (response) => response.resume());
        attached.end();
        await once(attached, event);
        expect(vi.getTimerCount()).toBe(0);
        attached.destroy();
      },
    ),
  );

  it("is encrypted where the address says so", () => {
    expect([engineAgent("https") instanceof HttpsAgent, engineAgent("http") instanceof HttpsAgent]).toEqual([true, false]);
  });
});

it("says so when an engine ends in the middle of its answer", () =>
  withServer(
    (socket) => socket.end(answerOf('{"Id"', 100)),
    async (engine) => {
      await expect(dockerExecutor({ engine }).open()).rejects.toMatchObject({
        code: "configuration",
        message: expect.stringMatching(/^Docker could not say which engine it is: aborted\. No Docker engine answers/),
      });
    },
  ));

it.each(["", '{"status":"Pulling"}\r\n'])("says so when an engine ends in the middle of a pull, after %j", (progress) =>
  withServer(
    (socket, asked) => {
      const body = asked.startsWith("GET /containers/json") ? "[]" : "{}";
      const status = asked.startsWith("GET /images/") ? "404 Not Found" : "200 OK";
      if (asked.startsWith("GET"))
        socket.end(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      else socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${progress && `${progress.length.toString(16)}\r\n${progress}\r\n`}`);
    },
    async (engine) => {
      const opening = dockerExecutor({ engine, engineType: "docker" }).open();
      await expect(opening).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(/^Docker could not pull the image/) });
    },
  ),
);

it("shows no password of an address that is none", async () => {
  const refused = dockerExecutor({ engine: "tcp://user:secret@a host:1" }).open();
  await expect(refused).rejects.toMatchObject({
    code: "configuration",
    message: expect.stringMatching(/^The address of the Docker engine, tcp:\/\/a host:1, is none/),
  });
});
