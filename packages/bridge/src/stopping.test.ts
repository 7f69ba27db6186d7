import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { childChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition, signature } from "./testing/tools.ts";

test.each(["while True: pass", "import time\ntime.sleep(60)", "sum(1 for _ in iter(int, 1))"])(
  "interrupts %j in time and keeps the state",
  async (code) => {
    await using session = await openSession();
    await run(session, "keep = 7");
    const started = performance.now();
    expect(await run(session, code, {}, { timeoutMs: 300 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
    expect(performance.now() - started).toBeLessThan(5_000); // a busy machine takes ten times as long as an idle one
    expect(await run(session, "keep")).toMatchObject({ value: 7 });
  },
);

test("imports a package again whose import was interrupted", async () => {
  await using session = await openSession();
  const hangOnce = "import os, time\nif not os.path.exists(__file__ + '.seen'):\n    open(__file__ + '.seen', 'w').close()\n    time.sleep(60)\n";
  const files = { "__init__.py": `from .part import *\n${hangOnce}names = part.__all__\n`, "part.py": "__all__ = ['one']\none = 1\n" };
  await run(
    session,
    "import os, sys, tempfile\nfolder = tempfile.TemporaryDirectory()\nsys.path.append(folder.name)\nos.mkdir(folder.name + '/half')",
  );
  for (const [name, text] of Object.entries(files))
    await run(session, `with open(folder.name + '/half/${name}', 'w') as file: file.write(${JSON.stringify(text)})`);
  expect(await run(session, "import half", {}, { timeoutMs: 500 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
  expect(await run(session, "import half\nhalf.names")).toMatchObject({ value: ["one"] });
  await run(session, "folder.cleanup()");
});

test("interrupts what waits for its threads after the first interrupt, and keeps the state", async () => {
  await using session = await openSession({}, { graceMs: 2_000 });
  await run(session, "import threading\nfrom concurrent.futures import ThreadPoolExecutor\nkeep, end = 7, threading.Event()");
  const code = "with ThreadPoolExecutor(1) as pool: pool.submit(end.wait).result()";
  expect(await run(session, code, {}, { timeoutMs: 200 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
  expect(await run(session, "end.set()\nkeep")).toMatchObject({ value: 7 });
});

test("kills at once where there is no grace, and makes Node warn of nothing", async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", onWarning);
  await using session = await openSession({}, { graceMs: 0 });
  const code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass";
  expect(await run(session, code, {}, { timeoutMs: 100 })).toMatchObject({ stateLost: true, error: { name: "TimeoutError" } });
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});

test("raises KeyboardInterrupt each time that the code sends itself one", async () => {
  await using session = await openSession();
  const code = "import signal\nfor _ in range(2):\n    try: signal.raise_signal(signal.SIGINT)\n    except KeyboardInterrupt: print('caught')";
  expect((await run(session, code)).logs).toBe("caught\ncaught\n");
});

test.each([
  "import time\nwhile True:\n    try:\n        time.sleep(0.01)\n    except BaseException: pass",
  "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
  "import time\nclass E(Exception):\n    def __str__(self):\n        while True:\n            try:\n                time.sleep(0.01)\n            except BaseException: pass\nraise E()",
  "import time\nclass R:\n    def __repr__(self):\n        while True:\n            try:\n                time.sleep(0.01)\n            except BaseException: pass\nR()",
])("kills what swallows the interrupt, in time, and says that the state is lost", async (code) => {
  await using session = await openSession();
  await run(session, "keep = 7");
  const started = performance.now();
  expect(await run(session, code, {}, { timeoutMs: 300 })).toMatchObject({ stateLost: true, error: { name: "TimeoutError" } });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(await run(session, "'keep' in globals()")).toMatchObject({ value: false, stateLost: false });
});

test("formats an endless error message within the deadline", async () => {
  await using session = await openSession();
  const code = "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E()";
  expect(await run(session, code, {}, { timeoutMs: 300 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
});

test("stops no step for the signal of an earlier one", async () => {
  await using session = await openSession();
  const controller = new AbortController();
  await run(session, "1", {}, { signal: controller.signal });
  session.start("import time\ntime.sleep(0.2)\n2");
  controller.abort();
  expect(await session.next()).toMatchObject({ type: "done", execution: { value: 2 } });
});

test("stops for the caller's signal, at every point of a step", async () => {
  await using session = await openSession({ tools: [signature("wait")] });
  expect(await run(session, "1", {}, { signal: AbortSignal.abort() })).toMatchObject({ error: { name: "AbortError" } });
  expect(await run(session, "import time\ntime.sleep(30)", {}, { signal: AbortSignal.timeout(100) })).toMatchObject({
    error: { name: "AbortError" },
    stateLost: false,
  });
  const controller = new AbortController();
  session.start("wait()", { signal: controller.signal });
  const advance = await session.next();
  controller.abort();
  const cancelled = await session.next();
  expect(cancelled).toMatchObject({ type: "calls", calls: [], cancelled: advance.type === "calls" ? [advance.calls[0]?.id] : [] });
  expect(await session.next()).toMatchObject({ type: "done", execution: { error: { name: "AbortError" }, stateLost: false } });
  expect(await run(session, "2")).toMatchObject({ value: 2 });
});

test("counts only the code's own time", async () => {
  await using session = await openSession({ tools: [signature("wait")] });
  const wait = async (): Promise<null> => sleep(400, null);
  expect(await run(session, "wait(); wait()\n5", { wait }, { timeoutMs: 300 })).toMatchObject({ value: 5, error: undefined });
  expect(await run(session, "wait()\nwhile True: pass", { wait }, { timeoutMs: 300 })).toMatchObject({
    error: { name: "TimeoutError" },
    stateLost: false,
  });
});

test("counts the processor time of code that computes while a call is pending", async () => {
  const connect = async (): Promise<ReturnType<typeof childChannel>> => {
    const channel = childChannel();
    channel.cpuTimeMs = () => {
      const fields = readFileSync(`/proc/${channel.child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    };
    return channel;
  };
  await using session = await openSession({ tools: [signature("wait")] }, { connect });
  const wait = (): Promise<null> => sleep(20_000, null, { ref: false });
  const started = performance.now();
  const code = "import threading\nt = threading.Thread(target=wait, daemon=True)\nt.start()\nwhile True: pass";
  expect(await run(session, code, { wait }, { timeoutMs: 600 })).toMatchObject({ error: { name: "TimeoutError" } });
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(await run(session, "wait()\n5", { wait: () => sleep(1_200, null) }, { timeoutMs: 600 })).toMatchObject({ value: 5, error: undefined });
});

test("ignores results that come after a cancel, and an interrupt while idle", async () => {
  await using session = await openSession({ tools: [signature("wait")] });
  session.interrupt("aborted");
  session.start("try:\n    wait()\nexcept ToolError as e:\n    print(e)\n");
  const advance = await session.next();
  session.interrupt("aborted");
  await session.next();
  if (advance.type === "calls") session.deliver(advance.calls.map(({ id }) => ({ id, value: 1 })));
  expect(await session.next()).toMatchObject({ type: "done", execution: { error: { name: "AbortError" } } });
  if (advance.type === "calls") session.deliver(advance.calls.map(({ id }) => ({ id, value: 1 })));
  expect(await run(session, "3")).toMatchObject({ value: 3 });
});

test("is not hit by an interrupt that was meant for an earlier step", async () => {
  const channel = childChannel();
  await using session = await openSession({ tools: [addition.signature] }, { connect: async () => channel });
  for (let round = 0; round < 50; round++) {
    channel.interrupt();
    expect(await run(session, "sum(range(1000)) + add(1, 1)", addition.tools)).toMatchObject({ value: 499502, error: undefined });
  }
});

test("survives interrupts at any time: each step ends by itself or with the interrupt, and the next one works", async () => {
  const channel = childChannel();
  await using session = await openSession({ tools: [addition.signature] }, { connect: async () => channel });
  for (let round = 0; round < 150; round++) {
    const step = run(session, "for i in range(5): add(i, 1)\n'end'", addition.tools);
    await sleep(Math.random() * 3);
    channel.interrupt();
    const { value, error } = await step;
    expect(error === undefined ? value : error.name).toMatch(/^(end|KeyboardInterrupt)$/);
  }
  expect(await run(session, "add(20, 22)", addition.tools)).toMatchObject({ value: 42 });
});

test("survives interrupts at any time in an event loop, with its state kept", async () => {
  const channel = childChannel();
  await using session = await openSession({ tools: [addition.signature] }, { connect: async () => channel, graceMs: 20_000 });
  await run(session, "import asyncio\nkeep = 0\nasync def spin():\n    for i in range(4): await asyncio.sleep(0.0005); await add.aio(i, 1)");
  for (let round = 0; round < 80; round++) {
    const step = run(session, "keep += 1\nawait asyncio.gather(spin(), spin(), spin())\n'end'", addition.tools);
    await sleep(Math.random() * 8);
    channel.interrupt();
    const { value, error, stateLost } = await step;
    expect(stateLost).toBe(false);
    expect(error === undefined ? value : error.name).toMatch(/^(end|KeyboardInterrupt)$/);
  }
  expect((await run(session, "len(asyncio.all_tasks(asyncio.get_event_loop()))")).value).toBe(0);
  expect((await run(session, "keep + await add.aio(1, 1)", addition.tools)).value).toBeGreaterThan(60);
});

test("goes on in an event loop after an interrupt between the end of its coroutine and the loop's own", async () => {
  await using session = await openSession();
  await run(session, "import asyncio\nasync def done(): pass\ndef stop(): raise KeyboardInterrupt");
  const stopped = await run(session, "asyncio.get_event_loop().call_soon(stop)\nawait done()");
  expect(stopped.error?.name).toBe("KeyboardInterrupt");
  expect(await run(session, "await asyncio.sleep(0.001)\n'next'")).toMatchObject({ value: "next", error: undefined });
});

test("leaves no task of a stopped step to the next one, also when it can't be cancelled", async () => {
  let calls = 0;
  const tools = { echo: () => calls++ };
  await using session = await openSession({ tools: [signature("echo", { x: {} })] }, { graceMs: 1_000 });
  await run(session, "import asyncio\nkeep = 7");
  const code = `async def stubborn():
    while True:
        try:
            await asyncio.sleep(0.02)
            await echo.aio(1)
        except BaseException:
            pass
task = asyncio.ensure_future(stubborn())
await asyncio.sleep(60)`;
  expect(await run(session, code, tools, { timeoutMs: 200 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
  const before = calls;
  expect(await run(session, "await asyncio.sleep(0.2)\nkeep", tools)).toMatchObject({ value: 7, stateLost: false });
  expect(calls).toBe(before);
});

test("interrupts code that awaits, and cancels its tasks", async () => {
  await using session = await openSession({}, { graceMs: 5_000 });
  // By itself: on a busy machine the import alone may take longer than the step has.
  await run(session, "import asyncio\nasync def spin():\n    while True: await asyncio.sleep(0)");
  const code = "t = asyncio.ensure_future(spin())\nawait asyncio.sleep(60)";
  expect(await run(session, code, {}, { timeoutMs: 400 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
  expect(await run(session, "t.done()")).toMatchObject({ value: true });
});

test("lets Python's own alarm end a blocking call, and takes the call back", async () => {
  await using session = await openSession({ tools: [signature("wait")] });
  const code =
    "import signal\ndef ring(*_): raise TimeoutError('ring')\nsignal.signal(signal.SIGALRM, ring)\nsignal.setitimer(signal.ITIMER_REAL, 0.5)\ntry:\n    wait()\nexcept TimeoutError as e:\n    r = str(e)\nr";
  session.start(code);
  const first = await session.next();
  expect(first.type).toBe("calls");
  let advance = await session.next();
  if (advance.type === "calls") {
    expect(advance.cancelled).toEqual(["1.1"]);
    advance = await session.next();
  }
  expect(advance).toMatchObject({ type: "done", execution: { value: "ring" } });
});

test("ends a worker that stays busy after its step, and says so in the next one", async () => {
  let cpuMs = 0;
  const connect = async (): Promise<ReturnType<typeof childChannel>> => {
    const channel = childChannel();
    channel.cpuTimeMs = () => (cpuMs += 1_500);
    return channel;
  };
  await using session = await openSession({}, { connect });
  await run(session, "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()");
  await sleep(2_600);
  expect(await run(session, "'spin' in globals()")).toMatchObject({ value: false, stateLost: true });
});

test("ends a worker that begins to compute long after its step", async () => {
  const openedAt = performance.now();
  const connect = async (): Promise<ReturnType<typeof childChannel>> => {
    const channel = childChannel();
    channel.cpuTimeMs = () => Math.max(0, performance.now() - openedAt - 3_000);
    return channel;
  };
  await using session = await openSession({}, { connect });
  await run(session, "kept = 1");
  await sleep(5_500);
  expect(await run(session, "'kept' in globals()")).toMatchObject({ value: false, stateLost: true });
});

test("goes on without a worker that takes long to die, whose end disturbs no later step", async () => {
  const slow = childChannel();
  const workers = [{ ...slow, kill: async () => sleep(2_600).then(() => slow.kill()) }];
  await using session = await openSession({}, { connect: async () => workers.pop() ?? childChannel(), graceMs: 0 });
  const code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass";
  expect(await run(session, code, {}, { timeoutMs: 100 })).toMatchObject({ stateLost: true, error: { name: "TimeoutError" } });
  expect(await run(session, "import time\nprint('on')\ntime.sleep(1)\n2")).toMatchObject({ value: 2, logs: "on\n", stateLost: false });
});

test("ends a busy worker with its host", async () => {
  const channel = childChannel();
  await using session = await openSession({}, { connect: async () => channel });
  session.start("while True: pass");
  channel.child.stdio[4]?.destroy();
  expect(await session.next()).toMatchObject({
    type: "done",
    execution: { error: { name: "SessionDied", message: expect.stringContaining("SIGKILL") } },
  });
});
