import { setTimeout as sleep } from "node:timers/promises";
import type { Executor } from "@codelet/core";
import { expect, test, vi } from "vitest";
import type { Carrier } from "./carrier.ts";
import { type MachineProvider, machineCapabilities, machineExecutor } from "./machine-executor.ts";
import { sdkError } from "./sdk-error.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { run } from "./testing/run.ts";

const removed = vi.fn();

function provider(differences: Partial<MachineProvider<number>> = {}): Executor {
  removed.mockClear();
  return machineExecutor<number>({
    name: "acme",
    capabilities: {
      ...machineCapabilities,
      isolation: 0,
      network: "full",
      packages: "host",
      recovery: { pinned: false, snapshot: false, replay: false },
    },
    create: async () => 7,
    start: async () => ({ carrier: new ChildCarrier() }),
    remove: async (machine) => removed(machine),
    explain: (thrown, doing) => sdkError(thrown, `Acme could not ${doing}`, { code: "executor-crashed", advice: "Try again" }),
    ...differences,
  });
}

test("runs code in a machine of a provider's", async () => {
  await using session = await provider().open();
  expect(await run(session, "40 + 2")).toMatchObject({ value: 42 });
  expect(session.reference).toBeUndefined();
});

test("removes a machine in which nothing can be started, and says what to do", async () => {
  const start = (): Promise<never> => Promise.reject(new Error("no room"));
  await expect(provider({ start }).open()).rejects.toMatchObject({
    code: "executor-crashed",
    message: "Acme could not start a sandbox: no room. Try again.",
  });
  expect(removed.mock.calls).toEqual([[7]]);
  const create = (): Promise<never> => Promise.reject(new Error("no account."));
  await expect(provider({ create }).open()).rejects.toThrow("Acme could not start a sandbox: no account. Try again.");
  expect(removed).not.toHaveBeenCalled();
});

test("closes the carrier over which a supervisor can't be sent", async () => {
  const close = vi.fn(async () => {});
  const carrier: Carrier = { send: () => Promise.reject(new Error("cut off")), onData() {}, onLost() {}, close };
  await expect(provider({ start: async () => ({ carrier, input: "import os" }) }).open()).rejects.toThrow("cut off. Try again.");
  expect(close).toHaveBeenCalledOnce();
});

test("keeps nobody waiting who gives up, and removes what comes too late", async () => {
  const slow = provider({ create: () => sleep(100, 8) });
  await expect(slow.open({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "aborted" });
  expect(removed).not.toHaveBeenCalled();
  await expect.poll(() => removed.mock.calls).toEqual([[8]]);

  const carrier = new ChildCarrier();
  const closed = new Promise((resolve) => carrier.child.once("close", resolve));
  const late = provider({ start: () => sleep(100, { carrier }) });
  await expect(late.open({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "aborted" });
  expect(removed.mock.calls).toEqual([[7]]);
  await closed;

  const create = vi.fn(async () => 9);
  await expect(provider({ create }).open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  expect(create).not.toHaveBeenCalled();
});

test("finds the machine of a reference, where the provider can, and removes none that is not found", async () => {
  const restore = { executor: "acme", data: { version: 1, machine: { id: 7 }, markPrefix: "x" } };
  await expect(provider().open({ restore })).rejects.toMatchObject({
    code: "configuration",
    message: "The acme executor can't find a session again, so it has none to restore.",
  });
  const find = vi.fn(() => Promise.reject(new Error("not here")));
  await expect(provider({ find }).open({ restore })).rejects.toThrow("Acme could not find the sandbox: not here. Try again.");
  expect(find).toHaveBeenCalledWith({ id: 7 }, { restore });
  await expect(provider({ find }).open({ restore: { ...restore, executor: "another" } })).rejects.toMatchObject({ code: "configuration" });
  expect(removed).not.toHaveBeenCalled();
});
