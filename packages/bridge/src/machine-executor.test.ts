import type { ChildProcess } from "node:child_process";
import { PassThrough, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { CodeletError, Execution, Executor } from "@codelet/core";
import { expect, test, vi } from "vitest";
import { type MachineProvider, machineExecutor, type PinnedMachines, type StartedMachine } from "./machine-executor.ts";
import { machineGone } from "./machine-gone.ts";
import { sdkError, usersFault } from "./sdk-error.ts";
import type { Stdio } from "./stdio-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { run } from "./testing/run.ts";

const removed = vi.fn();

const refuse = (): Promise<never> => Promise.reject(new Error("no answer"));

function childStdio(): Stdio {
  return new ChildCarrier().child as Stdio;
}

function provider(differences: Partial<MachineProvider<number>> = {}): Executor {
  removed.mockClear();
  return machineExecutor<number>({
    name: "acme",
    capabilities: { isolation: 0, network: "full", packages: "host" },
    create: async () => 7,
    start: async () => ({ stdio: childStdio() }),
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

test("claims what it can: what code in a machine of its own has, and that it is found again where the provider finds it", () => {
  const pinned = { find: async () => 8, attach: refuse };
  const claimed = {
    isolation: 0,
    files: "own",
    processes: "own",
    limits: { memory: "none", processes: "none", output: true },
    recovery: { pinned: false, snapshot: false, replay: false },
  };
  expect(provider().capabilities).toMatchObject(claimed);
  expect(provider({ pinned }).capabilities.recovery.pinned).toBe(true);
  const capabilities = { isolation: 3, network: "none", packages: "fixed", files: "host", recovery: { replay: "workdir" } } as const;
  const recovery = { pinned: true, snapshot: false, replay: "workdir" };
  expect(provider({ capabilities, pinned }).capabilities).toMatchObject({ ...capabilities, recovery });
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

test("removes a machine to which the supervisor can't be sent, and leaves its streams", async () => {
  const stdout = new PassThrough();
  const stdin = new Writable({ write: (_, __, written) => written(new Error("cut off")) });
  await expect(provider({ start: async () => ({ stdio: { stdin, stdout }, input: "import os" }) }).open()).rejects.toThrow("cut off. Try again.");
  expect(removed.mock.calls).toEqual([[7]]);
  expect(stdout.destroyed).toBe(true);
});

test("says at once that a process had ended before it was listened to", async () => {
  const stdout = new PassThrough();
  stdout.destroy();
  const stdin = new PassThrough();
  await expect(provider({ start: async () => ({ stdio: { stdin, stdout } }) }).open()).rejects.toThrow("its output ended");
}, 3_000);

test("keeps nobody waiting who gives up, and removes what comes too late", async () => {
  const slow = provider({ create: () => sleep(100, 8) });
  await expect(slow.open({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "aborted" });
  expect(removed).not.toHaveBeenCalled();
  await expect.poll(() => removed.mock.calls).toEqual([[8]]);

  const carrier = new ChildCarrier();
  const closed = new Promise((resolve) => carrier.child.once("close", resolve));
  const late = provider({ start: () => sleep(100, { stdio: carrier.child as Stdio }) });
  await expect(late.open({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "aborted" });
  expect(removed.mock.calls).toEqual([[7]]);
  await closed;
  expect(removed.mock.calls).toEqual([[7], [7]]); // the first may have been too early

  const create = vi.fn(async () => 9);
  await expect(provider({ create }).open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  expect(create).not.toHaveBeenCalled();
});

test("survives streams that come too late, and broken", async () => {
  const broken = (): PassThrough => new PassThrough().destroy(new Error("cut off"));
  const start = (): Promise<StartedMachine> => sleep(50).then(() => ({ stdio: { stdin: broken(), stdout: broken() } }));
  await expect(provider({ start }).open({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: "aborted" });
  await expect.poll(() => removed.mock.calls).toEqual([[7], [7]]);
  await sleep(20); // an error that nobody hears ends this process
});

test("finds the machine of a reference, where the provider can, and removes none that is not found", async () => {
  const restore = { executor: "acme", data: { version: 1, machine: { id: 7 }, markPrefix: "x" } };
  const details = { sandbox: "gone" };
  await expect(provider().open({ restore })).rejects.toMatchObject({
    ...{ code: "configuration", details },
    message: "The acme executor can't find a session again, so it has none to restore.",
  });
  const find = vi.fn<PinnedMachines<number>["find"]>(() => Promise.reject(new Error("not here")));
  const pinned = { find, attach: async () => childStdio() };
  await expect(provider({ pinned }).open({ restore })).rejects.toSatisfy(
    ({ message, details }: CodeletError) => message === "Acme could not find the sandbox: not here. Try again." && details.sandbox === undefined,
  );
  expect(find).toHaveBeenCalledWith({ id: 7 }, { restore });
  find.mockResolvedValue(undefined);
  await expect(provider({ pinned }).open({ restore })).rejects.toMatchObject({
    ...{ code: "executor-crashed", details },
    message: "The sandbox is gone, and its variables are lost: open a new session.",
  });
  await expect(provider({ pinned }).open({ restore: { ...restore, executor: "another" } })).rejects.toMatchObject({ code: "configuration", details });
  expect(removed).not.toHaveBeenCalled();
});

/** Streams of a process that it outlives. */
function tubes({ stdin, stdout }: ChildProcess): Stdio {
  const [to, from] = [new PassThrough(), new PassThrough()];
  if (stdin !== null) to.pipe(stdin, { end: false });
  stdout?.pipe(from);
  return { stdin: to, stdout: from };
}

/** How a step ends whose streams break in the middle of it. */
async function broken(pinnedOf: (child: ChildProcess) => PinnedMachines<number>): Promise<Execution> {
  const { child } = new ChildCarrier();
  const first = tubes(child);
  const start = async (): Promise<StartedMachine> => ({ stdio: first, reference: 1 });
  const explain = (thrown: unknown, doing: string): Error => sdkError(thrown, `Acme could not ${doing}`, usersFault("Check the key"));
  const session = await provider({ start, explain, pinned: pinnedOf(child) }).open();
  session.start("import time\ntime.sleep(0.3)\n7");
  await sleep(100);
  first.stdout.destroy();
  const advance = await session.next().finally(() => session[Symbol.asyncDispose]());
  child.kill("SIGKILL");
  if (advance.type !== "done") throw new Error("The code calls nothing.");
  return advance.execution;
}

test("attaches again to a machine whose streams broke, and asks the provider only when that fails", async () => {
  const find = vi.fn(async () => 8);
  expect(await broken((child) => ({ find, attach: async () => tubes(child) }))).toMatchObject({ value: 7, stateLost: false });
  expect(find).not.toHaveBeenCalled();
  const attach = vi.fn<PinnedMachines<number>["attach"]>();
  const execution = await broken((child) => {
    attach
      .mockImplementationOnce(refuse)
      .mockImplementationOnce(refuse)
      .mockImplementationOnce(async () => tubes(child));
    return { find, attach };
  });
  expect(execution).toMatchObject({ value: 7, stateLost: false }); // though its own refusals are the user's fault: the provider has the last word
  expect(attach.mock.calls).toEqual([
    [7, 1],
    [8, 1],
    [8, 1],
  ]);
  expect(find.mock.calls).toEqual([
    [1, {}],
    [1, {}],
  ]);
});

test.each<[string, PinnedMachines<number>["find"], object]>([
  [
    "does not know it any more",
    async () => undefined,
    { code: "executor-crashed", message: expect.stringMatching(/the sandbox is gone \(Acme could not reach the sandbox: no answer/) },
  ],
  [
    "says that it is gone",
    () => Promise.reject(machineGone("It was killed.")),
    { code: "executor-crashed", message: expect.stringContaining("killed") },
  ],
  ["refuses the key", () => Promise.reject(new Error("no key")), { code: "configuration", message: expect.stringContaining("Check the key") }],
])("ends a session at once when its machine can't be attached to and the provider %s", async (_, find, error) => {
  const attach = vi.fn(refuse);
  await expect(broken(() => ({ find, attach }))).rejects.toMatchObject(error);
  expect(attach).toHaveBeenCalledOnce();
});

test("asks nobody about a machine that is known to be gone", async () => {
  const find = vi.fn(async () => 8);
  await expect(broken(() => ({ find, attach: () => Promise.reject(machineGone("It has ended.")) }))).rejects.toMatchObject({
    code: "executor-crashed",
    message: expect.stringContaining("It has ended"),
  });
  expect(find).not.toHaveBeenCalled();
});

test("lets a machine sleep that is left to another host, and ends none", async () => {
  const leave = vi.fn(refuse);
  const { child } = new ChildCarrier();
  const start = async (): Promise<StartedMachine> => ({ stdio: tubes(child), reference: 1 });
  const session = await provider({ start, pinned: { find: async () => 8, attach: async () => tubes(child), leave } }).open();
  expect(await session.detach?.()).toEqual(session.reference);
  expect(leave.mock.calls).toEqual([[7]]);
  expect(removed).not.toHaveBeenCalled();
  child.kill("SIGKILL");
});
