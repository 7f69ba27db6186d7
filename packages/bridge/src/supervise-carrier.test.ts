import { setTimeout as sleep } from "node:timers/promises";
import { ConfigurationError, type ExecutorSession, type Value } from "@codelet/core";
import { expect, test } from "vitest";
import { bridgeSession } from "./bridge-session.ts";
import type { SupervisionOptions } from "./carrier.ts";
import { machineGone } from "./machine-gone.ts";
import type { BridgeSessionOptions } from "./session-options.ts";
import { superviseCarrier } from "./supervise-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { run } from "./testing/run.ts";
import { addition, signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
const tools = { ...addition.tools, echo: (x: Value): Value => x };

interface Supervised extends AsyncDisposable {
  readonly session: ExecutorSession;
  readonly carrier: ChildCarrier;
}

async function open(
  options: Partial<BridgeSessionOptions> = {},
  flags: readonly string[] = [],
  supervisionOptions: SupervisionOptions = {},
): Promise<Supervised> {
  const carrier = new ChildCarrier(flags);
  const supervision = await superviseCarrier(carrier, supervisionOptions);
  const session = await bridgeSession({
    executor: "supervised",
    connect: () => supervision.connect(),
    open: { tools: [addition.signature, echo] },
    ...options,
  });
  return {
    session,
    carrier,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await supervision[Symbol.asyncDispose]();
    },
  };
}

test("runs steps with calls, output and large values over a carrier", async () => {
  await using supervised = await open();
  const { session } = supervised;
  expect(await run(session, "print('é')\nadd(1, b=2)", tools)).toMatchObject({ value: 3, logs: "é\n" });
  expect(await run(session, "len(echo('x' * 3_000_000))", tools)).toMatchObject({ value: 3_000_000 });
  expect(await run(session, "import os\nos.write(2, b'\\xff')\nNone")).toMatchObject({ logs: "\ufffd" });
});

test("ends a worker that asks without reading the answers", async () => {
  await using supervised = await open();
  const code = "import asyncio\nawait asyncio.sleep(0)\nwhile True:\n    echo.aio(1).send(None)";
  const { error, stateLost } = await run(supervised.session, code, { echo: (x: Value): Value => x }, { timeoutMs: 60_000 });
  expect({ error, stateLost }).toMatchObject({
    error: { name: "SessionDied", message: expect.stringContaining("without reading") },
    stateLost: true,
  });
  expect(await run(supervised.session, "40 + 1")).toMatchObject({ value: 41, error: undefined });
});

test("interrupts and kills while the worker is stuck", async () => {
  await using supervised = await open();
  const { session } = supervised;
  await run(session, "keep = 1");
  expect(await run(session, "while True: pass", {}, { timeoutMs: 200 })).toMatchObject({ error: { name: "TimeoutError" }, stateLost: false });
  const stuck = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass";
  expect(await run(session, stuck, {}, { timeoutMs: 200 })).toMatchObject({ error: { name: "TimeoutError" }, stateLost: true });
  expect(await run(session, "add('keep' in globals(), 2)", tools)).toMatchObject({ value: 2 });
  expect((await run(session, "import os\nos._exit(3)")).error?.message).toContain("exit code 3");
  expect((await run(session, "import ctypes\nctypes.string_at(0)")).error?.message).toContain("SIGSEGV");
  expect(await run(session, "add(2, 2)", tools)).toMatchObject({ value: 4 });
});

test("caps a flood at the supervisor and still sees the step's end", async () => {
  await using supervised = await open({ limits: { maxOutputBytes: 20_000 } });
  const { session } = supervised;
  const { logs, value } = await run(session, "import os\nfor _ in range(2000): os.write(1, b'y' * 65536)\n'end'", {}, { timeoutMs: 20_000 });
  expect(value).toBe("end");
  expect(logs).toMatch(/^y{20000}\n\[output truncated/);
  expect(await run(session, "print('again')")).toMatchObject({ logs: "again\n" });
});

test("makes each call once across a dropped connection", async () => {
  await using supervised = await open();
  const { session, carrier } = supervised;
  const seen: Value[] = [];
  const code = "import time\nout = []\nfor i in range(60):\n    out.append(echo(i)); print('line', i); time.sleep(0.01)\nout";
  const step = run(session, code, {
    async echo(x) {
      seen.push(x);
      await sleep(Math.random() * 10);
      return x;
    },
  });
  for (let cut = 0; cut < 8; cut++) {
    await sleep(60 + Math.random() * 60);
    carrier.cut();
  }
  const numbers = Array.from({ length: 60 }, (_, index) => index);
  expect(await step).toMatchObject({ value: numbers, logs: numbers.map((number) => `line ${number}\n`).join("") });
  expect(seen).toEqual(numbers);
});

test("carries a large value over a connection that drops in its middle", async () => {
  await using supervised = await open();
  const { session, carrier } = supervised;
  const step = run(session, "s = echo('a' * 5_000_000)\nlen(echo(s + 'b'))", { echo: (x) => x });
  for (let cut = 0; cut < 5; cut++) {
    await sleep(40);
    carrier.cut();
  }
  expect(await step).toMatchObject({ value: 5_000_001 });
});

test("notices silence and reconnects", async () => {
  await using supervised = await open({}, ["--heartbeat", "0.05"], { silenceTimeoutMs: 300 });
  const { session, carrier } = supervised;
  const step = run(session, "import time\ntime.sleep(0.5)\nadd(1, 1)", tools);
  await sleep(100);
  carrier.cut({ silently: true });
  expect(await step).toMatchObject({ value: 2 });
});

test("rejects when the connection can't be had again, or the supervisor dies", async () => {
  for (const lose of [(carrier: ChildCarrier) => carrier.cut({ forGood: true }), (carrier: ChildCarrier) => carrier.child.kill("SIGKILL")]) {
    const supervised = await open({}, [], { maxReconnects: 2 });
    const step = run(supervised.session, "while True: pass");
    step.catch(() => {});
    await sleep(50);
    lose(supervised.carrier);
    await expect(step).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/lost: (cut|the process ended)/) });
    await supervised[Symbol.asyncDispose]();
  }
});

test.each([
  ["the machine is gone for good", machineGone("the sandbox was deleted."), "executor-crashed"],
  ["the key is refused", new ConfigurationError("the key is not valid: set another."), "configuration"],
])("makes no further attempt when %s", async (_, failure, code) => {
  const supervised = await open();
  let attempts = 0;
  supervised.carrier.reconnect = async () => {
    attempts++;
    throw failure;
  };
  const step = run(supervised.session, "while True: pass");
  step.catch(() => {});
  await sleep(50);
  supervised.carrier.cut();
  await expect(step).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`can't be had again: ${failure.message}`),
  });
  expect(attempts).toBe(1);
  expect(() => supervised.session.start("1")).not.toThrow();
  await expect(supervised.session.next()).rejects.toMatchObject({ code });
  await supervised[Symbol.asyncDispose]();
});

test("says to the carrier whether its machine waits for another host or has one", async () => {
  const left: string[] = [];
  const carrier = Object.assign(new ChildCarrier(), { detach: async (why: string) => void left.push(why) });
  const first = await superviseCarrier(carrier);
  await first.detach(60_000);
  expect(left).toEqual(["detached"]);
  const second = await superviseCarrier(carrier, { adopt: true });
  await carrier.send('@codelet third - h {"v":1,"seen":0,"host":"a third one","adopt":true}\n');
  for (let waitedMs = 0; left.length < 2 && waitedMs < 2_000; waitedMs += 20) await sleep(20);
  expect(left).toEqual(["detached", "superseded"]);
  await second[Symbol.asyncDispose]();
  await carrier.close();
});

test("isn't troubled by the greeting of a host that it has followed, on a stream that both hear", async () => {
  const carrier = new ChildCarrier();
  const supervision = await superviseCarrier(carrier);
  const session = await bridgeSession({ executor: "supervised", connect: () => supervision.connect(), open: { tools: [addition.signature] } });
  const step = run(session, "import time\ntime.sleep(0.3)\nadd(1, 1)", tools);
  await carrier.send('@codelet before - h {"v":1,"seen":0,"host":"the one before","adopt":false}\n');
  expect(await step).toMatchObject({ value: 2 });
  expect(await run(session, "add(1, 2)", tools)).toMatchObject({ value: 3 });
  await session[Symbol.asyncDispose]();
  await supervision[Symbol.asyncDispose]();
});

test("takes no line of a host that was followed, and tells it so", async () => {
  const carrier = new ChildCarrier();
  const supervision = await superviseCarrier(carrier);
  const session = await bridgeSession({ executor: "supervised", connect: () => supervision.connect(), open: { tools: [addition.signature] } });
  expect(await run(session, "keep = 1\nadd(1, 1)", tools)).toMatchObject({ value: 2 });
  const heard: string[] = [];
  carrier.child.stdout?.on("data", (chunk) => void heard.push(String(chunk)));
  for (let number = 1; number < 30; number++) await carrier.send(`@codelet before ${number} k \n`); // kills the worker, if one of them is due
  await carrier.send("@codelet before - a 999\n");
  expect(await run(session, "add(keep, 1)", tools)).toMatchObject({ value: 2, stateLost: false });
  expect(heard.join("")).toMatch(/@codelet - h \{"host": "\w+"\}/);
  await session[Symbol.asyncDispose]();
  await supervision[Symbol.asyncDispose]();
});

test("ends itself and its worker when no host is heard of", async () => {
  const supervised = await open({}, ["--heartbeat", "0.05", "--orphan", "0.3"], { maxReconnects: 1 });
  const { value } = await run(supervised.session, "import os\nos.getpid()");
  supervised.carrier.cut({ silently: true });
  await expect.poll(() => supervised.carrier.child.exitCode, { timeout: 10_000 }).toBe(0);
  expect(() => process.kill(Number(value), 0)).toThrow();
  await supervised[Symbol.asyncDispose]();
});

test.each([
  ["a line that is not due", "@codelet 99 f {}\n"],
  ["an acknowledgement of what was not sent", "@codelet - a 99999\n"],
  ["an unknown kind", "@codelet - y 1\n"],
  ["a malformed line", "@codelet x f {}\n"],
])("gives a supervisor up that sends %s", async (_, line) => {
  const carrier = new ChildCarrier();
  let receive: (chunk: Uint8Array) => void = () => {};
  const onData = carrier.onData.bind(carrier);
  carrier.onData = (callback) => {
    receive = callback;
    onData(callback);
  };
  const supervision = await superviseCarrier(carrier);
  const session = await bridgeSession({ executor: "supervised", connect: () => supervision.connect() });
  session.start("import time\ntime.sleep(5)");
  const step = session.next();
  receive(Buffer.from(line));
  await expect(step).rejects.toMatchObject({ code: "protocol" });
  await session[Symbol.asyncDispose]();
  await supervision[Symbol.asyncDispose]();
});

test("skips what a provider prints between the lines", async () => {
  const carrier = new ChildCarrier();
  const onData = carrier.onData.bind(carrier);
  carrier.onData = (receive) => {
    receive(Buffer.from("a banner of the shell\n{}\n"));
    onData(receive);
  };
  await using supervision = await superviseCarrier(carrier);
  await using session = await bridgeSession({ executor: "supervised", connect: () => supervision.connect() });
  expect(await run(session, "1 + 1")).toMatchObject({ value: 2 });
});

test("ends a worker that sends a line without an end", async () => {
  await using supervised = await open();
  const code = `
import os, stat
for fd in map(int, os.listdir("/proc/self/fd")):
    try:
        if fd > 2 and stat.S_ISSOCK(os.fstat(fd).st_mode):
            for _ in range(4_000):
                os.set_blocking(fd, True)
                os.write(fd, b"x" * 65536)
    except OSError:
        pass
`;
  expect(await run(supervised.session, code)).toMatchObject({ stateLost: true, error: { name: "SessionDied" } });
  expect(await run(supervised.session, "6 * 7")).toMatchObject({ value: 42 });
});
