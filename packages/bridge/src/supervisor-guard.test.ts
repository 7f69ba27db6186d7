import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorSession } from "@codelet/core";
import { expect, test } from "vitest";
import { carrierSession } from "./carrier-session.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { run } from "./testing/run.ts";

function open(carrier: ChildCarrier): Promise<ExecutorSession> {
  return carrierSession({ executor: "guarded", open: {}, carrier });
}

const isLinux = process.platform === "linux";
if (!isLinux) console.log("SKIPPED a signal without a name, and what outlives its process group: both are Linux's");

test.skipIf(!isLinux)("a signal without a name that code sends itself costs it its variables, not the session", async () => {
  await using session = await open(new ChildCarrier());
  const { error, stateLost } = await run(session, "import os\nos.kill(os.getpid(), 40)");
  expect({ error, stateLost }).toMatchObject({ error: { name: "SessionDied", message: expect.stringContaining("signal 40") }, stateLost: true });
  expect(await run(session, "1 + 1")).toMatchObject({ value: 2 });
});

test("an interrupt that code sends to its supervisor does nothing", async () => {
  await using session = await open(new ChildCarrier());
  expect(await run(session, "import os, signal, time\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(0.2)\n1")).toMatchObject({ value: 1 });
  expect(await run(session, "2")).toMatchObject({ value: 2, stateLost: false });
});

test("a supervisor whose lines nobody reads, on a connection that does not end, ends as an orphan", async () => {
  const carrier = new ChildCarrier(["--orphan", "1"]);
  const session = await open(carrier);
  const { stdout } = carrier.child;
  session.start("final_answer('x' * 3_000_000)");
  stdout?.removeAllListeners("data");
  stdout?.pause();
  const [code, signal] = await Promise.race([once(carrier.child, "exit"), sleep(10_000, ["it lives", null])]);
  expect([code, signal]).toEqual([0, null]);
  await session[Symbol.asyncDispose]();
});

test("a supervisor that waits for its host for a second only hears of it in time", async () => {
  await using session = await open(new ChildCarrier(["--orphan", "1"]));
  expect(await run(session, "import time\ntime.sleep(2.5)\n1")).toMatchObject({ value: 1 });
});

test("a machine that can't be left is ended when it says that another host has it", async () => {
  const carrier = new ChildCarrier();
  const session = await open(carrier);
  const running = run(session, "import time\ntime.sleep(5)");
  carrier.child.stdout?.emit("data", Buffer.from('@codelet - h {"host": "another"}\n'));
  await expect(running).rejects.toMatchObject({ code: "executor-crashed" });
  const ended = once(carrier.child, "exit");
  await session[Symbol.asyncDispose]();
  expect(await Promise.race([ended, sleep(2_000, "it lives")])).not.toBe("it lives");
});

test("a frame of a kind that no worker sends costs code its variables, not the session", async () => {
  await using session = await open(new ChildCarrier());
  const { error, stateLost } = await run(session, `display.__self__.calls.send('{"t":"open"', '')`);
  expect({ name: error?.name, stateLost }).toEqual({ name: "SessionDied", stateLost: true });
  expect(await run(session, "1 + 1")).toMatchObject({ value: 2 });
});

test("code reads nothing of what the host says, and is what a system without memory ends first", async () => {
  await using session = await open(new ChildCarrier());
  expect(await run(session, "import os\nos.read(0, 1)")).toMatchObject({ value: new Uint8Array() });
  if (isLinux) expect(await run(session, "open('/proc/self/oom_score_adj').read()")).toMatchObject({ value: "1000\n" });
});

test("code starts programs of Python as they start elsewhere, with the modules beside them", async () => {
  await using session = await open(new ChildCarrier());
  const code = `
import subprocess, sys, tempfile
with tempfile.TemporaryDirectory() as folder:
    open(folder + "/beside.py", "w").write("answer = 42")
    open(folder + "/main.py", "w").write("import beside; print(beside.answer)")
    said = subprocess.run([sys.executable, folder + "/main.py"], capture_output=True, text=True)
said.stdout + said.stderr`;
  expect(await run(session, code)).toMatchObject({ value: "42\n" });
});

test.skipIf(!isLinux)("what code has left outside of its process group ends with its interpreter", async () => {
  await using session = await open(new ChildCarrier());
  const daemon = `
import os, time
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(writer, str(os.getpid()).encode())
        time.sleep(600)
    os._exit(0)
os.wait()
int(os.read(reader, 20))`;
  const pid = Number((await run(session, daemon)).value);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  expect((await run(session, "os._exit(1)")).stateLost).toBe(true);
  expect(await run(session, "1 + 1")).toMatchObject({ value: 2 });
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test("a flood of output ends in the machine, not on the way to the host", async () => {
  const carrier = new ChildCarrier();
  await using session = await open(carrier);
  let bytes = 0;
  carrier.child.stdout?.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
  });
  expect((await run(session, "import os\nfor _ in range(20): os.write(1, b'x' * 1_000_000)")).logs.length).toBeLessThan(300_000);
  expect(bytes).toBeLessThan(1_000_000);
});
