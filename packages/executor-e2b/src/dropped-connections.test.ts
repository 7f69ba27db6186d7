import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorSession, Value } from "@codelet/core";
import { type DrivenStep, driveStep } from "@codelet/executor-contract";
import type { E2bServer } from "@codelet/local-e2b";
import { Sandbox } from "@e2b/code-interpreter";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import { startLocalService } from "./testing/local-service.ts";

const input = "/process.Process/SendInput";
const tool = { name: "tick", description: "Counts.", inputSchema: {} };
/** The pauses keep what it writes in pieces of its own. */
const code =
  "import time\nout = []\nfor i in range(4):\n    out.append(tick(i))\n    time.sleep(0.02)\n    print('line', i, flush=True)\n    time.sleep(0.02)\nout";

let server: E2bServer;
let connects = 0;

beforeAll(async () => {
  server = await startLocalService({ onRequest: ({ path }) => void (path === "/process.Process/Connect" && connects++) });
});

afterEach(() => server.faults.clear());

afterAll(() => server.close());

/** A step of four calls, and how often the host has really made each. */
async function ticking(
  session: ExecutorSession,
  during: (index: Value) => unknown = () => {},
): Promise<DrivenStep & { readonly made: readonly Value[] }> {
  const made: Value[] = [];
  const tick = async ([index = null]: readonly Value[]): Promise<Value> => {
    made.push(index);
    await during(index);
    return index;
  };
  return { ...(await driveStep(session, code, { tools: { tick } })), made };
}

function expectEachOnce({ execution, made, calls }: Awaited<ReturnType<typeof ticking>>): void {
  expect(execution).toMatchObject({ value: [0, 1, 2, 3], logs: "line 0\nline 1\nline 2\nline 3\n", stateLost: false });
  expect(execution.error).toBeUndefined();
  expect(made).toEqual([0, 1, 2, 3]);
  expect(calls).toHaveLength(4);
}

describe("a connection that drops", () => {
  it.each([
    [false, "lost"],
    [true, "torn"],
  ])("costs nothing at whichever piece of output it drops (torn: %s)", async (torn) => {
    const session = await e2bExecutor().open({ tools: [tool] });
    let reached = 0;
    for (let after = 1; ; after++) {
      const before = connects;
      server.faults.loseOutput({ after, torn });
      expectEachOnce(await ticking(session));
      server.faults.clear();
      if (connects === before) break; // the step writes no more pieces than that
      reached++;
    }
    expect(reached).toBeGreaterThanOrEqual(8);
    await session[Symbol.asyncDispose]();
  });

  it.each([
    ["lost", () => server.faults.respond(502, { path: input })],
    ["answered with 429", () => server.faults.respond(429, { path: input })],
    ["delivered, its answer lost", () => server.faults.loseAnswers({ path: input })],
    ["delivered, the stream dropped with it", () => server.faults.dropStreams()],
    ["lost three times over", () => server.faults.respond(502, { path: input, times: 3 })],
  ])("costs nothing when input is %s", async (_, fault) => {
    const session = await e2bExecutor().open({ tools: [tool] });
    const before = connects;
    fault(); // the code itself
    expectEachOnce(await ticking(session));
    for (const moment of [0, 1, 3]) expectEachOnce(await ticking(session, (index) => index === moment && fault())); // a call's result
    expectEachOnce(
      await ticking(session, async (index) => {
        if (index !== 2) return;
        fault(); // nothing of the step: acknowledgements and pings
        await sleep(400);
      }),
    );
    expect(connects).toBeGreaterThanOrEqual(before + 4);
    await session[Symbol.asyncDispose]();
  });

  it.each([
    ["refused", () => server.faults.respond(502, { path: "/process.Process/Connect", times: 2 })],
    ["lost", () => server.faults.loseAnswers({ path: "/process.Process/Connect" })],
    [
      "refused, and so is the control API",
      () => {
        server.faults.respond(502, { path: "/process.Process/Connect", times: 2 });
        server.faults.respond(503, { path: "/v2/sandboxes", times: 1 });
      },
    ],
  ])("costs nothing when the attempt to connect again is %s", async (_, fault) => {
    const session = await e2bExecutor().open({ tools: [tool] });
    const step = await ticking(session, (index) => {
      if (index !== 1) return;
      fault();
      server.faults.dropStreams();
    });
    expectEachOnce(step);
    await session[Symbol.asyncDispose]();
  });

  it("costs nothing while the session opens, between steps, while code computes and while it stops", async () => {
    const before = connects;
    for (const after of [1, 2, 3, 4]) {
      server.faults.loseOutput({ after });
      const opened = await e2bExecutor().open({ tools: [tool] });
      await opened[Symbol.asyncDispose]();
      server.faults.clear(); // on a busy machine the whole opening may be fewer pieces
    }
    expect(connects).toBeGreaterThan(before);
    const session = await e2bExecutor().open({ tools: [tool] });
    server.faults.dropStreams();
    expectEachOnce(await ticking(session));
    const busy = driveStep(session, "import time\nkeep = 1\ntime.sleep(0.5)\nprint('slept')\nkeep");
    await sleep(150);
    server.faults.dropStreams();
    expect((await busy).execution).toMatchObject({ value: 1, logs: "slept\n" });
    const stopped = driveStep(session, "while True: pass", { timeoutMs: 200 });
    await sleep(190);
    server.faults.dropStreams();
    expect((await stopped).execution).toMatchObject({ error: { name: "TimeoutError" } });
    expect((await driveStep(session, "keep")).execution.value).toBe(1);
    await session[Symbol.asyncDispose]();
  });

  it("is made anew before a handle holds more than some 50 MB", async () => {
    const session = await e2bExecutor().open({ tools: [{ ...tool, name: "take" }] });
    const sizes: number[] = [];
    const before = connects;
    const take = ([text]: readonly Value[]): Value => sizes.push(String(text).length);
    const { execution } = await driveStep(session, "for i in range(6):\n    take(str(i) * 9_000_000)\ni", {
      tools: { take },
      timeoutMs: 60_000,
      deadlineMs: 60_000,
    });
    expect(execution).toMatchObject({ value: 5, stateLost: false });
    expect(sizes).toEqual(Array.from({ length: 6 }, () => 9_000_000));
    expect(connects).toBe(before + 1);
    await session[Symbol.asyncDispose]();
  }, 60_000);
});

describe("a sandbox that is paused", () => {
  const only = (): { readonly id: string; readonly state: string } => [...server.sandboxes.values()].at(-1) as never;

  it("is woken in the middle of a step, whoever paused it", async () => {
    const session = await e2bExecutor().open({ tools: [tool] });
    const before = connects;
    const step = await ticking(session, async (index) => {
      if (index === 1 || index === 3) await Sandbox.pause(only().id);
    });
    expectEachOnce(step);
    expect(connects).toBeGreaterThanOrEqual(before + 2);
    await session[Symbol.asyncDispose]();
  });

  it("is what a detached session leaves, in the middle of a step, and it goes on when it is found", async () => {
    const first = await e2bExecutor().open({ tools: [tool] });
    first.start(`state = 'kept'\n${code}`);
    const advance = await first.next();
    const reference = await first.detach?.();
    expect(only().state).toBe("paused");
    expect(reference).toMatchObject({ executor: "e2b", data: { machine: { sandboxId: only().id } } });
    const second = await e2bExecutor().open({ tools: [tool], ...(reference && { restore: JSON.parse(JSON.stringify(reference)) }) });
    expect(only().state).toBe("running");
    second.resume?.();
    const again = await second.next();
    expect(again).toEqual(advance);
    const made: string[] = [];
    for (let next = again; next.type === "calls"; next = await second.next()) {
      made.push(...next.calls.map(({ id }) => id));
      second.deliver(next.calls.map(({ id, args }) => ({ id, value: args[0] ?? null })));
    }
    expect(new Set(made).size).toBe(4);
    expect((await driveStep(second, "[state, out]")).execution.value).toEqual(["kept", [0, 1, 2, 3]]);
    await second[Symbol.asyncDispose]();
    expect(server.sandboxes.size).toBe(0);
  });

  it("is not what whenDetached: run leaves", async () => {
    const executor = e2bExecutor({ whenDetached: "run" });
    const session = await executor.open();
    session.start("import time\ntime.sleep(0.3)\nx = 7");
    const reference = await session.detach?.();
    await sleep(600);
    expect(only().state).toBe("running");
    const found = await executor.open({ restore: reference });
    expect((await driveStep(found, "x")).execution.value).toBe(7);
    await found[Symbol.asyncDispose]();
  });

  it("stays awake for the host that has taken a session over", async () => {
    const first = await e2bExecutor().open();
    await driveStep(first, "x = 1");
    const second = await e2bExecutor().open({ restore: first.reference });
    expect((await driveStep(second, "x")).execution.value).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(only().state).toBe("running");
    expect((await driveStep(second, "x")).execution.value).toBe(1);
    await second[Symbol.asyncDispose]();
  });
});
