import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorSession } from "@codelet/core";
import { expect, test } from "vitest";
import { bridgeSession } from "./bridge-session.ts";
import { superviseCarrier } from "./supervise-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { run } from "./testing/run.ts";

const markPrefix = "\u001ecodelet:test:";

/** A host of the supervisor behind `carrier`; a later one replaces the one before, which hears nothing more. */
async function host(carrier: ChildCarrier, adopt = false): Promise<ExecutorSession> {
  const supervision = await superviseCarrier(carrier, { adopt });
  const release = async (): Promise<void> => supervision[Symbol.asyncDispose]();
  return bridgeSession({ executor: "lost", connect: () => supervision.connect(), markPrefix, left: supervision.left, release });
}

async function workerOf(session: ExecutorSession): Promise<number> {
  return Number((await run(session, "import os\nkeep = 1\nos.getpid()")).value);
}

test("a new host gets no answer that a dead one waited for", async () => {
  const carrier = new ChildCarrier();
  const dead = await host(carrier);
  const worker = await workerOf(dead);
  process.kill(worker, "SIGSTOP");
  dead.bind({ variables: { first: 1 } }).catch(() => {});
  await sleep(50);
  await using found = await host(carrier, true);
  process.kill(worker, "SIGCONT");
  await found.bind({ variables: { second: 2 } });
  expect(await run(found, "[keep, first, second]")).toMatchObject({ value: [1, 1, 2] });
});

test("a new host can end what it does not ask for again", async () => {
  const carrier = new ChildCarrier();
  const dead = await host(carrier);
  await workerOf(dead);
  dead.start("while True: pass");
  await sleep(50);
  await using found = await superviseCarrier(carrier, { adopt: true });
  expect(found.left).toMatchObject({ isRunning: true });
  const worker = await found.connect();
  const ended = new Promise((resolve) => worker.onClose(resolve));
  await worker.kill();
  expect(await ended).toEqual({ message: "signal SIGKILL", memoryExceeded: false });
});

test("a new host takes no word for its own that the one before it is still told", async () => {
  const carrier = new ChildCarrier();
  const dead = await host(carrier);
  await workerOf(dead);
  carrier.child.kill("SIGSTOP");
  dead.bind({ variables: { first: 1 } }).catch(() => {});
  const finding = host(carrier, true);
  await sleep(50);
  carrier.child.kill("SIGCONT");
  await using found = await finding;
  expect(await run(found, "[keep, first]")).toMatchObject({ value: [1, 1] });
});

test("a new host asks again, however many others it hears being greeted", async () => {
  const carrier = new ChildCarrier();
  await workerOf(await host(carrier));
  const onData = carrier.onData.bind(carrier);
  let receive: (chunk: Uint8Array) => void = () => {};
  carrier.onData = (callback) => {
    receive = callback;
    onData(callback);
  };
  carrier.child.kill("SIGSTOP");
  const finding = host(carrier, true);
  for (const other of ["one", "two", "three"]) {
    await sleep(20);
    receive(Buffer.from(`@codelet - h {"host":"${other}","seen":0}\n`));
  }
  carrier.child.kill("SIGCONT");
  await using found = await finding;
  expect(await run(found, "keep")).toMatchObject({ value: 1 });
});

test.each([
  ["while it waits for an answer", []],
  ["before it asks again", ['@codelet - h {"host":"another","seen":0}\n']],
])("a new host says at once what it can't follow, also %s", async (_, before) => {
  const carrier = Object.assign(new ChildCarrier(), { detach: async () => {} });
  await workerOf(await host(carrier));
  carrier.child.kill("SIGSTOP");
  const refused = expect(host(carrier, true)).rejects.toMatchObject({ code: "protocol" });
  for (const line of [...before, "@codelet x f {}\n"]) {
    await sleep(20);
    carrier.child.stdout?.emit("data", Buffer.from(line));
  }
  await refused;
  carrier.child.kill("SIGKILL");
});

test("a new host that is followed at once by another one hears of it, also with its own greeting", async () => {
  const carrier = Object.assign(new ChildCarrier(), { detach: async () => {} });
  await workerOf(await host(carrier));
  const onData = carrier.onData.bind(carrier);
  carrier.onData = (callback) => onData((chunk) => callback(Buffer.concat([chunk, Buffer.from('@codelet - h {"host":"another","seen":0}\n')])));
  await expect(host(carrier, true)).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringContaining("taken the session over") });
  carrier.child.kill("SIGKILL");
});

test("a new host says what it can't follow, also while it connects again", async () => {
  const carrier = Object.assign(new ChildCarrier(), { detach: async () => {} });
  await workerOf(await host(carrier));
  carrier.child.kill("SIGSTOP");
  let left = 0;
  carrier.detach = async () => void left++;
  carrier.reconnect = async () => {
    left = 0;
    carrier.child.stdout?.emit("data", Buffer.from("@codelet x f {}\n"));
  };
  const refused = expect(host(carrier, true)).rejects.toMatchObject({ code: "protocol" });
  await sleep(20);
  carrier.child.stdout?.emit("data", Buffer.from('@codelet - h {"host":"another","seen":0}\n'));
  await refused;
  expect(left).toBeGreaterThan(0);
  carrier.child.kill("SIGKILL");
});

test("a worker that was never opened is not taken over", async () => {
  const carrier = new ChildCarrier();
  await (await superviseCarrier(carrier)).connect();
  await sleep(100);
  const supervision = await superviseCarrier(carrier, { adopt: true });
  expect(supervision.left).toBeUndefined();
  await supervision[Symbol.asyncDispose]();
});

test("a worker that ends before its new host starts a step costs that step its variables, and no time", async () => {
  const carrier = new ChildCarrier();
  const worker = await workerOf(await host(carrier));
  await using found = await host(carrier, true);
  process.kill(worker, "SIGKILL");
  await sleep(200);
  expect(await run(found, "1", {}, { timeoutMs: 2_000 })).toMatchObject({ error: { name: "SessionDied" }, stateLost: true });
  expect(await run(found, "2")).toMatchObject({ value: 2 });
});

test("a step that was left has its time with the new host, which hears what it prints", async () => {
  const carrier = new ChildCarrier();
  const dead = await host(carrier);
  await workerOf(dead);
  dead.start("import time\nprint('before')\nwhile True: time.sleep(0.01)");
  await sleep(200);
  await using found = await host(carrier, true);
  let heard = "";
  found.resume?.({ timeoutMs: 300, onOutput: ({ text }) => (heard += text) });
  expect(await found.next()).toMatchObject({ type: "done", execution: { error: { name: "TimeoutError" }, logs: "before\n", stateLost: false } });
  expect(heard).toBe("before\n");
  expect(await run(found, "keep")).toMatchObject({ value: 1 });
});

test("a session that was taken over and not resumed ends at once", async () => {
  const carrier = new ChildCarrier();
  await workerOf(await host(carrier));
  const found = await host(carrier, true);
  const startedAt = performance.now();
  await found[Symbol.asyncDispose]();
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test("a frame with a number of thousands of digits breaks the session's protocol, not its supervisor", async () => {
  const session = await host(new ChildCarrier());
  const frame = `b'{"t":"call","s":' + b"1" * 6000 + b"}\\n"`;
  const code = `import os, time\nfor fd in range(3, 2000):\n    try: os.write(fd, ${frame})\n    except OSError: pass\ntime.sleep(2)`;
  await expect(run(session, code)).rejects.toMatchObject({ code: "protocol" });
  await session[Symbol.asyncDispose]();
});

test("a hello that comes twice, and a line that was torn, cost nothing", async () => {
  const carrier = new ChildCarrier();
  const send = carrier.send.bind(carrier);
  let tear = false;
  carrier.send = async (text) => {
    if (tear && text.includes('"exec"')) {
      tear = false;
      carrier.child.stdin?.write(text.slice(0, -8));
      carrier.cut();
      return;
    }
    await send(text.includes(" - h ") ? text + text : text);
  };
  await using session = await host(carrier);
  const flood = run(session, "import time\nfor n in range(60): print('x' * 30); time.sleep(0.01)\n'end'");
  for (let cut = 0; cut < 3; cut++) {
    await sleep(150);
    carrier.cut();
  }
  expect(await flood).toMatchObject({ value: "end" });
  tear = true;
  const startedAt = performance.now();
  expect(await run(session, "print('whole')\n3")).toMatchObject({ value: 3, logs: "whole\n" });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
