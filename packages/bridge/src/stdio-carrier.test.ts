import { PassThrough } from "node:stream";
import { ConfigurationError } from "@codelet/core";
import { expect, test, vi } from "vitest";
import { type Stdio, stdioCarrier } from "./stdio-carrier.ts";
import { superviseCarrier } from "./supervise-carrier.ts";

function streams(): { readonly stdin: PassThrough; readonly stdout: PassThrough } & Stdio {
  return { stdin: new PassThrough(), stdout: new PassThrough() };
}

const close = async (): Promise<void> => {};

test("sends in order, and hands on what comes", async () => {
  const stdio = streams();
  const carrier = stdioCarrier({ stdio, close });
  const received: string[] = [];
  carrier.onData((chunk) => received.push(String(chunk)));
  await carrier.send("a\n");
  await carrier.send("b\n");
  expect(String(stdio.stdin.read())).toBe("a\nb\n");
  stdio.stdout.write("c");
  await expect.poll(() => received).toEqual(["c"]);
  expect(carrier.reconnect).toBeUndefined();
  expect(carrier.detach).toBeUndefined();
});

test("tells once that a stream has ended or broken, also one that did before anybody listened", async () => {
  const ended = streams();
  const early = stdioCarrier({ stdio: ended, close });
  ended.stdout.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  const lost = vi.fn();
  early.onLost(lost);
  expect(lost.mock.calls).toEqual([["the process ended", expect.any(Error)]]);

  const broken = streams();
  const explain = vi.fn((cause: unknown) => new Error(`because of ${cause}`));
  const carrier = stdioCarrier({ stdio: broken, close, explain });
  const told = vi.fn();
  carrier.onLost(told);
  broken.stdin.destroy(new Error("EPIPE"));
  broken.stdout.destroy(new Error("reset"));
  await expect.poll(() => told.mock.calls).toEqual([["because of Error: EPIPE", expect.any(Error)]]);
  await expect(carrier.send("x")).rejects.toThrow("because of");
});

test("ends an opening at once, with its reason, when the process ended before", async () => {
  const stdio = streams();
  const carrier = stdioCarrier({ stdio, close, explain: () => new ConfigurationError("There is no python3.") });
  stdio.stdout.end();
  stdio.stdout.resume();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(superviseCarrier(carrier, { readyTimeoutMs: 20_000 })).rejects.toMatchObject({ message: expect.stringContaining("no python3") });
}, 3_000);

test("goes on with the same process's streams, and hears nothing of the ones before", async () => {
  const [first, second] = [streams(), streams()];
  const carrier = stdioCarrier({ stdio: first, again: async () => second, close });
  const [received, lost] = [vi.fn(), vi.fn()];
  carrier.onData((chunk) => received(String(chunk)));
  carrier.onLost(lost);
  await carrier.reconnect?.();
  expect([first.stdin.destroyed, first.stdout.destroyed]).toEqual([true, true]);
  second.stdout.write("on");
  await expect.poll(() => received.mock.calls).toEqual([["on"]]);
  await carrier.send("x");
  expect(String(second.stdin.read())).toBe("x");
  await carrier.detach?.("detached");
  expect(second.stdin.destroyed).toBe(true);
  expect(lost).not.toHaveBeenCalled();
});

test.each(["close", "detach"] as const)("leaves no stream open that comes back after %s", async (giveUp) => {
  const late = streams();
  let come: (stdio: Stdio) => void = () => {};
  const again = (): Promise<Stdio> =>
    new Promise((resolve) => {
      come = resolve;
    });
  const carrier = stdioCarrier({ stdio: streams(), again, close });
  const reconnected = carrier.reconnect?.();
  await carrier[giveUp]?.("detached");
  come(late);
  await reconnected;
  expect([late.stdin.destroyed, late.stdout.destroyed]).toEqual([true, true]);
});

test("leaves the machine to another host once", async () => {
  const [end, leave] = [vi.fn(close), vi.fn(close)];
  const carrier = stdioCarrier({ stdio: streams(), again: async () => streams(), close: end, detach: leave });
  await carrier.detach?.("detached");
  await carrier.detach?.("superseded");
  await carrier.close();
  expect(leave.mock.calls).toEqual([["detached"]]);
  expect(end).not.toHaveBeenCalled();
});

test("ends the machine before its streams, and tells nobody", async () => {
  const stdio = streams();
  const lost = vi.fn();
  const order: string[] = [];
  stdio.stdout.once("close", () => order.push("streams"));
  const carrier = stdioCarrier({ stdio, close: async () => void order.push("machine") });
  carrier.onLost(lost);
  await carrier.close();
  await carrier.close();
  await expect.poll(() => order).toEqual(["machine", "streams"]);
  expect(lost).not.toHaveBeenCalled();
});
