import { setTimeout as sleep } from "node:timers/promises";
import type { Value } from "@codelet/core";
import { expect, test } from "vitest";
import { deviceChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition, signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
const tools = { ...addition.tools, echo: async (x: Value): Promise<Value> => (x === "slow" ? sleep(60, x) : x) };
const open = (): ReturnType<typeof openSession> => openSession({ tools: [addition.signature, echo] }, { connect: async () => deviceChannel() });

test("runs steps and calls without select and threads", async () => {
  await using session = await open();
  expect(await run(session, "x = add(1, b=2)\nx", tools)).toMatchObject({ value: 3, error: undefined });
  expect(await run(session, "input()")).toMatchObject({ error: { name: "EOFError" } });
  const asked = "import sys\n[sys.stdin.read(), sys.stdin.buffer.read().decode(), sys.stdin.name, sys.stdin.fileno(), sys.stdin.isatty()]";
  expect((await run(session, asked)).value).toEqual(["", "", "<stdin>", 0, false]);
});

test("brings an event loop of its own", async () => {
  await using session = await open();
  const code =
    "import asyncio\norder = []\nasync def f(x):\n    order.append(await echo.aio(x))\n    return x\nawait asyncio.gather(f('slow'), f('fast'), asyncio.sleep(0.01))\norder";
  expect(await run(session, code, tools)).toMatchObject({ value: ["fast", "slow"] });
  expect(await run(session, "asyncio.run(f('x'))", tools)).toMatchObject({ value: "x" });
  const debugs = "async def debugs():\n    return asyncio.get_running_loop().get_debug()\nasyncio.run(debugs(), debug=True)";
  expect(await run(session, debugs)).toMatchObject({ value: true });
  expect(await run(session, "await asyncio.sleep(0.05, 'slept')")).toMatchObject({ value: "slept" });
  expect(await run(session, "await asyncio.to_thread(sum, [1, 2])")).toMatchObject({ value: 3 });
  expect(await run(session, "await asyncio.get_event_loop().create_future()")).toMatchObject({ error: { name: "RuntimeError" } });
});

test("wakes its loop for timers while calls are pending", async () => {
  await using session = await open();
  session.start("import asyncio\ntry:\n    await asyncio.wait_for(echo.aio(1), 0.05)\nexcept asyncio.TimeoutError:\n    r = 'gave up'\nr");
  expect(await session.next()).toMatchObject({ type: "calls", calls: [{ tool: "echo" }] });
  expect(await session.next()).toMatchObject({ type: "calls", cancelled: ["1.1"] });
  expect(await session.next()).toMatchObject({ type: "done", execution: { value: "gave up" } });
});

test("is interrupted with its state kept", async () => {
  await using session = await open();
  await run(session, "keep = 1");
  for (const code of ["while True: pass", "import asyncio\nawait asyncio.sleep(60)"]) {
    expect(await run(session, code, {}, { timeoutMs: 200 })).toMatchObject({ error: { name: "TimeoutError" }, stateLost: false });
  }
  expect(await run(session, "echo('never')", { echo: () => new Promise<Value>(() => {}) }, { signal: AbortSignal.timeout(200) })).toMatchObject({
    error: { name: "AbortError" },
    stateLost: false,
  });
  expect(await run(session, "keep")).toMatchObject({ value: 1 });
});

test("returns for a snapshot and goes on", async () => {
  let saved = 0;
  await using session = await openSession(
    { tools: [addition.signature] },
    { connect: async () => deviceChannel(), snapshot: async () => ({ executor: "test", data: ++saved }) },
  );
  await run(session, "x = 41");
  expect(await session.snapshot?.()).toEqual({ executor: "test", data: 1 });
  expect(await run(session, "add(x, 1)", tools)).toMatchObject({ value: 42 });
  session.start("1");
  await expect(session.snapshot?.()).rejects.toMatchObject({ code: "configuration" });
});
