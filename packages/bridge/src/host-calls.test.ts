import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxCall, Value } from "@codelet/core";
import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition, signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });

test("hands calls out as they were made, and results and errors in", async () => {
  await using session = await openSession({ tools: [addition.signature, echo] });
  session.start("try:\n    add(1, b=None)\nexcept ToolError as e:\n    m = f'{type(e).__name__}|{e}'\nm");
  const advance = await session.next();
  if (advance.type === "done") throw new Error("no call");
  expect(advance.calls).toEqual([{ id: "1.1", tool: "add", args: [1], kwargs: { b: null } }]);
  session.deliver([{ id: "1.1", error: { name: "RangeError", message: "no such city" } }]);
  expect(await session.next()).toMatchObject({ type: "done", execution: { value: "ToolError|RangeError: no such city" } });
  expect(await run(session, "echo(**{'__proto__': {'polluted': 1}})", { echo: (x) => x ?? null })).toMatchObject({ value: { polluted: 1 } });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("gives code errors that can be pickled and copied", async () => {
  await using session = await openSession({ tools: [echo] });
  const fail = (name: Value): never => {
    throw Object.assign(new Error("it's wrong"), { name: String(name) });
  };
  const code =
    "import copy, pickle\nclass Own(ToolError): pass\ncaught = [Own('mine')]\nfor name in ('KeyError', 'RangeError'):\n    try: echo(name)\n    except ToolError as e: caught.append(e)\ncaught[1].seen = 5\nagain = pickle.loads(pickle.dumps(caught)) + [copy.copy(caught[1])]\n[[type(e).__name__, str(e), type(e) in map(type, caught), getattr(e, 'seen', 0)] for e in again]";
  expect((await run(session, code, { echo: fail })).value).toEqual([
    ["Own", "mine", true, 0],
    ["KeyError", "it's wrong", true, 5],
    ["ToolError", "RangeError: it's wrong", true, 0],
    ["KeyError", "it's wrong", true, 5],
  ]);
});

test("lets code catch an error by a familiar name, and every error as ToolError", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "seen = []\nfor kind in (ValueError, ToolError, FileNotFoundError, KeyError):\n    try: echo(kind.__name__)\n    except kind as e: seen.append([type(e).__name__, str(e), isinstance(e, ToolError)])\nseen";
  const fail = (name: Value): never => {
    throw Object.assign(new Error("it's wrong"), { name });
  };
  expect((await run(session, code, { echo: fail })).value).toEqual([
    ["ValueError", "it's wrong", true],
    ["ToolError", "it's wrong", true],
    ["FileNotFoundError", "it's wrong", true],
    ["KeyError", "it's wrong", true],
  ]);
});

test("lets code catch the plain Error of a JavaScript tool as ValueError, with the bare message", async () => {
  await using session = await openSession({ tools: [echo] });
  const fail = (): never => {
    throw new Error("unknown city Nowhere");
  };
  const caught = "try: echo(1)\nexcept ValueError as e: m = f'gave up: {e}'\nm";
  expect(await run(session, caught, { echo: fail })).toMatchObject({ value: "gave up: unknown city Nowhere" });
});

test("tells how the language prints a value", async () => {
  await using session = await openSession();
  expect(await run(session, "[True, None, 14.0, (1,)]")).toMatchObject({ valueText: "[True, None, 14.0, (1,)]" });
  expect((await run(session, "'text'")).valueText).toBeUndefined();
  expect((await run(session, "x = 1")).valueText).toBeUndefined();
});

test("runs calls of several threads at once, answered in any order", async () => {
  await using session = await openSession({ tools: [echo] });
  session.start("from concurrent.futures import ThreadPoolExecutor as P\nwith P(5) as p: out = list(p.map(echo, range(5)))\nout");
  const calls: SandboxCall[] = [];
  while (calls.length < 5) {
    const advance = await session.next();
    if (advance.type === "calls") calls.push(...advance.calls);
  }
  for (const call of calls.reverse()) {
    session.deliver([{ id: call.id, value: call.args[0] ?? null }]);
    await sleep(5);
  }
  expect(await session.next()).toMatchObject({ type: "done", execution: { value: [0, 1, 2, 3, 4] } });
});

test("lets a thread go on while another one's call is kept waiting", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "import threading\ngot = []\nt = threading.Thread(target=lambda: got.append(echo('slow')))\nt.start()\nfor i in range(20): got.append(echo(i))\nn = len(got)\nt.join()\n[n, got[-1]]";
  let release: (value: Value) => void = () => {};
  const slow = new Promise<Value>((resolve) => {
    release = resolve;
  });
  const tools = {
    echo(x: Value) {
      if (x === 19) setTimeout(() => release("late"), 20);
      return x === "slow" ? slow : x;
    },
  };
  expect(await run(session, code, tools)).toMatchObject({ value: [20, "late"] });
});

test("goes on with what was awaited second and answered first", async () => {
  await using session = await openSession({ tools: [echo] });
  const code = "import asyncio\norder = []\nasync def f(x):\n    order.append(await echo.aio(x))\nawait asyncio.gather(f('slow'), f('fast'))\norder";
  expect(await run(session, code, { echo: async (x) => (x === "slow" ? sleep(50, x) : x) })).toMatchObject({ value: ["fast", "slow"] });
  const chain = "async def g(x):\n    y = await echo.aio(x)\n    return await echo.aio(y + 1)\nawait asyncio.gather(echo.aio('slow'), g(1), g(5))";
  expect(await run(session, chain, { echo: async (x) => (x === "slow" ? sleep(50, x) : x) })).toMatchObject({ value: ["slow", 2, 6] });
});

test("takes the call of a cancelled task back", async () => {
  await using session = await openSession({ tools: [echo] });
  session.start("import asyncio\ntry:\n    await asyncio.wait_for(echo.aio(1), 0.5)\nexcept asyncio.TimeoutError:\n    r = 'gave up'\nr");
  const first = await session.next();
  expect(first).toMatchObject({ type: "calls", calls: [{ tool: "echo" }] });
  expect(await session.next()).toMatchObject({ type: "calls", calls: [], cancelled: ["1.1"] });
  session.deliver([{ id: "1.1", value: "too late" }]);
  expect(await session.next()).toMatchObject({ type: "done", execution: { value: "gave up" } });
});

test("mixes blocking threads and awaited calls", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "import asyncio\nasync def main():\n    return await asyncio.gather(asyncio.to_thread(echo, 1), echo.aio(2), asyncio.to_thread(echo, 3), echo.aio(4))\nawait main()";
  const order = [30, 10, 20, 0];
  expect(await run(session, code, { echo: async (x) => sleep(order[Number(x) - 1] ?? 0, x) })).toMatchObject({ value: [1, 2, 3, 4] });
});

test("answers calls beyond the step's number with an error, and starts counting again", async () => {
  await using session = await openSession({ tools: [echo] }, { limits: { maxCallsPerStep: 10 } });
  const tools = { echo: (x: Value) => x };
  expect((await run(session, "for i in range(100_000): echo(i)", tools)).error).toMatchObject({
    name: "ToolError",
    message: expect.stringContaining("10 tool calls"),
  });
  expect(await run(session, "echo(1)", tools)).toMatchObject({ value: 1 });
});

test("hands out a limited number of calls at once", async () => {
  await using session = await openSession({ tools: [echo] }, { limits: { maxCallsInFlight: 3 } });
  let inFlight = 0;
  let most = 0;
  const tools = {
    async echo(x: Value) {
      most = Math.max(most, ++inFlight);
      await sleep(5);
      inFlight--;
      return x;
    },
  };
  expect(await run(session, "import asyncio\nsum(await asyncio.gather(*[echo.aio(i) for i in range(20)]))", tools)).toMatchObject({ value: 190 });
  expect(most).toBe(3);
});

test("lets one call of many values wait, and refuses further ones until it is answered", async () => {
  await using session = await openSession({ tools: [echo] }, { limits: { maxNodes: 20_000 } });
  const tools = { echo: async (x: Value) => sleep(500, (x as readonly Value[]).length) };
  const code =
    "import asyncio\nbig = [{}] * 15_000\nr = await asyncio.gather(*[echo.aio(big) for i in range(4)], return_exceptions=True)\n[x if type(x) is int else str(x) for x in r] + [echo(big)]";
  const refused = expect.stringContaining("hold more than 20000 values");
  expect(await run(session, code, tools)).toMatchObject({ value: [15_000, refused, refused, refused, 15_000] });
});

test("refuses calls of threads that outlive their step", async () => {
  await using session = await openSession({ tools: [echo] });
  const tools = { echo: (x: Value) => x };
  await run(
    session,
    "import threading, time\ndef late():\n    time.sleep(0.1)\n    try: echo(1)\n    except ToolError as e: seen.append(str(e))\nseen = []\nt = threading.Thread(target=late)\nt.start()",
    tools,
  );
  await sleep(250);
  expect((await run(session, "t.join()\nseen", tools)).value).toEqual(["StepEnded: echo() was called by a thread whose step has ended"]);
});

test("wakes threads whose calls the step's end left behind", async () => {
  await using session = await openSession({ tools: [echo] });
  session.start(
    "import threading, time\nseen = []\ndef f():\n    try: echo(1)\n    except ToolError as e: seen.append(str(e))\nt = threading.Thread(target=f)\nt.start()\ntime.sleep(0.1)",
  );
  await session.next();
  expect(await session.next()).toMatchObject({ type: "done" });
  expect((await run(session, "t.join()\nseen")).value).toEqual(["StepEnded: the step ended before the tool answered"]);
});

test("keeps forked children off the connection", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "import os\npid = os.fork()\nif pid == 0:\n    try: echo('child')\n    except BaseException as e: print(type(e).__name__, flush=True)\nelse:\n    os.waitpid(pid, 0)\n    r = echo('parent')";
  expect(await run(session, code, { echo: (x) => x })).toMatchObject({ logs: "RuntimeError\n", error: undefined });
  expect(await run(session, "r")).toMatchObject({ value: "parent" });
});

test("describes tools to the code", async () => {
  await using session = await openSession({
    tools: [
      {
        name: "find",
        description: "Finds things.",
        inputSchema: {
          type: "object",
          properties: { query: { type: "string" }, limit: { type: "integer", default: 5 }, tags: { type: "array", items: { type: "string" } } },
          required: ["query"],
        },
        outputSchema: { type: "object" },
      },
    ],
  });
  const { value } = await run(
    session,
    "import inspect, copy, pickle\n[str(inspect.signature(find)), find.__doc__, find.__name__, copy.deepcopy({'f': find})['f'] is find, pickle.loads(pickle.dumps(find)) is find]",
  );
  expect(value).toEqual(["(query: str, limit: int = 5, tags: list[str] = None) -> dict", "Finds things.", "find", true, true]);
});

test("answers with an error what can't cross", async () => {
  await using session = await openSession({ tools: [echo] });
  const circular: unknown[] = [];
  circular.push(circular);
  for (const value of [() => 1, Symbol("s"), circular]) {
    expect((await run(session, "echo(1)", { echo: () => value as unknown as Value })).error).toMatchObject({
      name: "ValueError",
    });
  }
  // biome-ignore lint/suspicious/noThenProperty: what a hostile tool returns
  expect(await run(session, "echo(1)['then']", { echo: () => ({ then: 1 }) })).toMatchObject({ value: 1 });
});

test("passes 8 MB both ways", async () => {
  await using session = await openSession({ tools: [echo] });
  expect(
    await run(session, "s = echo('x' * 8_000_000)\nb = echo(b'\\x07' * 1_000_000)\n[len(s), b == b'\\x07' * 1_000_000]", { echo: (x) => x }),
  ).toMatchObject({ value: [8_000_000, true] });
});
