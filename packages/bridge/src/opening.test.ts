import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { resolveBridgeLimits } from "./bridge-limits.ts";
import { bridgeSession } from "./bridge-session.ts";
import type { Carrier } from "./carrier.ts";
import { carrierSession } from "./carrier-session.ts";
import { Deadline } from "./deadline.ts";
import { httpStdio } from "./http-stdio.ts";
import { PendingCalls } from "./pending-calls.ts";
import { superviseCarrier } from "./supervise-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";

/** A machine that is reached and never says anything. */
function silentCarrier(reconnect: () => Promise<void>): Carrier & { closed: number } {
  let lose: (reason: string) => void = () => {};
  return {
    closed: 0,
    async send() {
      lose("refused");
    },
    onData() {},
    onLost(lost) {
      lose = lost;
    },
    reconnect,
    async close() {
      this.closed++;
    },
  };
}

test("options that are refused leave no machine behind", async () => {
  const restore = { executor: "another", data: null };
  for (const wrong of [{ graceMs: -1 }, { supervision: { maxReconnects: -1 } }, { open: { restore } }, { limits: { maxDepth: -1 } }]) {
    const carrier = new ChildCarrier();
    const closed = new Promise((resolve) => carrier.child.once("close", resolve));
    await expect(carrierSession({ executor: "wrong", open: {}, carrier, ...wrong })).rejects.toThrow();
    await closed;
  }
});

test("what a machine says that can't start a worker, such as that its disk is full, is told as a crash", async () => {
  const cause = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  const opening = bridgeSession({ executor: "full", connect: () => Promise.reject(cause) });
  await expect(opening).rejects.toMatchObject({
    code: "executor-crashed",
    message: "The sandbox full could not be started: ENOSPC: no space left on device.",
    cause,
  });
});

test("what a machine says that is not wanted any more is an abort", async () => {
  const stop = new AbortController();
  const connect = ({ signal }: { signal: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const opening = bridgeSession({ executor: "slow", connect, open: { signal: stop.signal } });
  stop.abort();
  await expect(opening).rejects.toMatchObject({ code: "aborted" });
});

test("a supervisor that never answers is waited for once, not once for each connection", async () => {
  const carrier = silentCarrier(async () => {});
  carrier.send = async () => {};
  const startedAt = performance.now();
  await expect(superviseCarrier(carrier, { readyTimeoutMs: 1_500 })).rejects.toMatchObject({
    code: "executor-crashed",
    message: "The supervisor did not answer in 1500 ms.",
  });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
}, 10_000);

test("an opening says why it can't connect, and not that nobody answers, when there is no time to try again", async () => {
  let attempts = 0;
  const carrier = silentCarrier(async () => {});
  carrier.send = async () => {
    attempts++;
    await sleep(20);
    throw new Error("refused");
  };
  const opening = superviseCarrier(carrier, { readyTimeoutMs: 400 });
  await expect(opening).rejects.toMatchObject({ message: expect.stringContaining("sending failed: Error: refused") });
  expect(attempts).toBe(2);
});

test("an abort while a connection is made ends the opening", async () => {
  const stop = new AbortController();
  const carrier = silentCarrier(async () => {
    stop.abort();
    carrier.send = async () => {};
  });
  await expect(superviseCarrier(carrier, { signal: stop.signal, readyTimeoutMs: 5_000 })).rejects.toMatchObject({ code: "aborted" });
  expect(carrier.closed).toBeGreaterThan(0);
}, 3_000);

test("what is disposed of while it waits to reconnect makes no connection any more", async () => {
  const carrier = new ChildCarrier();
  const supervision = await superviseCarrier(carrier);
  carrier.cut({ forGood: true });
  await sleep(50);
  await supervision[Symbol.asyncDispose]();
  let made = 0;
  carrier.reconnect = async () => void made++;
  await sleep(400);
  expect(made).toBe(0);
});

test("a port that takes a connection and never answers is given up in time, or when it is not wanted any more", async () => {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const request = (path: string, init: RequestInit): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);
  const options = { request, token: "t" };
  try {
    await expect(httpStdio({ ...options, startTimeoutMs: 200 })).rejects.toMatchObject({ code: "executor-crashed" });
    await expect(httpStdio({ ...options, signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ code: "aborted" });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 5_000);

test("processor time counts from when it is first heard of", async () => {
  let cpuMs: number | undefined;
  let expired = false;
  const deadline = new Deadline(
    () => {
      expired = true;
    },
    () => cpuMs,
  );
  deadline.start(100);
  deadline.pause();
  await sleep(350);
  for (cpuMs = 1_000; cpuMs < 2_500 && !expired; cpuMs += 50) await sleep(50);
  deadline.dispose();
  expect(expired).toBe(true);
});

test("a number that a call had for another host is given once", () => {
  const left = { number: 1, isRunning: true, calls: 1, callNumbers: { 5: 1 } };
  const calls = new PendingCalls(1, resolveBridgeLimits({}), () => {}, left);
  for (let time = 0; time < 2; time++) calls.add({ t: "call", s: 5, tool: "echo", args: [time], kwargs: {}, bytes: 10, parts: 2 });
  expect(calls.take(true)?.calls.map(({ id }) => id)).toEqual(["1.1", "1.2"]);
});
