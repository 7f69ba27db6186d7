import {
  type Advance,
  type Execution,
  ExecutorCrashedError,
  type ExecutorSession,
  type SandboxCall,
  type ToolSignature,
  type Value,
} from "@codelet/core";
import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { type FakeExecutorOptions, type FakeHandler, fakeExecutor } from "./fake-executor.ts";

const tools: readonly ToolSignature[] = ["echo", "slow"].map((name) => ({
  name,
  description: name,
  inputSchema: { type: "object", properties: { x: {} } },
}));
const open = (handler: FakeHandler, options?: FakeExecutorOptions): Promise<ExecutorSession> => fakeExecutor(handler, options).open({ tools });

async function calls(session: ExecutorSession): Promise<readonly SandboxCall[]> {
  const advance = await session.next();
  if (advance.type !== "calls") throw new Error("The step has ended.");
  return advance.calls;
}

/** Runs a step to its end; answers calls with their first argument. */
async function finish(session: ExecutorSession, first?: Promise<Advance>): Promise<Execution> {
  for (let advance = await (first ?? session.next()); ; advance = await session.next()) {
    if (advance.type === "done") return advance.execution;
    session.deliver(advance.calls.map(({ id, args, kwargs }) => ({ id, value: args[0] ?? kwargs.x ?? null })));
  }
}

async function play(session: ExecutorSession, code = "", options?: Parameters<ExecutorSession["start"]>[1]): Promise<Execution> {
  session.start(code, options);
  return finish(session);
}

describe("a step", () => {
  it("has the handler's result as its value, and the lines that it printed", async () => {
    const shown: string[] = [];
    const session = await open(({ code, print, display }) => {
      print("one");
      print("two");
      display({ "text/plain": "x" });
      return code.length;
    });
    const execution = await play(session, "abc", { onOutput: ({ text }) => shown.push(text) });
    expect(execution).toMatchObject({
      value: 3,
      logs: "one\ntwo\n",
      outputs: [{ "text/plain": "x" }],
      stateLost: false,
      error: undefined,
      finalAnswer: undefined,
    });
    expect(shown).toEqual(["one\n", "two\n"]);
  });

  it("keeps variables for the next one, and those that are bound", async () => {
    const session = await open(({ variables }) => (variables.n = Number(variables.n ?? 0) + 1));
    await play(session);
    expect((await play(session)).value).toBe(2);
    await session.bind({ variables: { n: 9 } });
    expect((await play(session)).value).toBe(10);
  });

  it("calls tools by position and by name", async () => {
    const seen: unknown[] = [];
    const session = await open(async ({ call }) => [await call("echo", [1]), await call("echo", { x: 2 }), await call("echo")]);
    session.start("");
    for (const value of [1, 2, 3]) {
      const [call] = await calls(session);
      seen.push([call?.args, call?.kwargs]);
      session.deliver([{ id: call?.id ?? "", value }]);
    }
    expect((await finish(session)).value).toEqual([1, 2, 3]);
    expect(seen).toEqual([
      [[1], {}],
      [[], { x: 2 }],
      [[], {}],
    ]);
  });

  it("goes on with one parallel call while another waits", async () => {
    const session = await open(async ({ call }) => {
      const slow = call("slow", ["slow"]);
      const results: Value[] = [];
      for (const x of [1, 2]) results.push(await call("echo", [x]));
      return [...results, await slow];
    });
    session.start("");
    const [slow, first] = await calls(session);
    session.deliver([{ id: first?.id ?? "", value: 1 }]);
    const [second] = await calls(session);
    session.deliver([
      { id: second?.id ?? "", value: 2 },
      { id: slow?.id ?? "", value: "late" },
      { id: "unknown", value: 0 },
    ]);
    expect((await finish(session)).value).toEqual([1, 2, "late"]);
  });

  it("gets a host's error as an error that it can catch", async () => {
    const session = await open(async ({ call }) => {
      try {
        return await call("echo");
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    });
    session.start("");
    const [call] = await calls(session);
    session.deliver([{ id: call?.id ?? "", error: { name: "ToolError", message: "no" } }]);
    expect((await finish(session)).value).toBe("ToolError: no");
  });

  it("ends with finalAnswer, whose first value counts", async () => {
    const session = await open(({ finalAnswer, print }) => {
      try {
        finalAnswer(1);
      } catch {
        print("caught");
      }
      finalAnswer(2);
    });
    expect(await play(session)).toMatchObject({ finalAnswer: { value: 1 }, logs: "caught\n", value: null, error: undefined });
    expect(await play(await open(async ({ finalAnswer }) => finalAnswer(null)))).toMatchObject({ finalAnswer: { value: null } });
  });

  it.each<[string, FakeHandler, object]>([
    [
      "throws",
      () => {
        throw new RangeError("too far");
      },
      { name: "RangeError", message: "too far" },
    ],
    [
      "rejects",
      async () => {
        throw null;
      },
      { name: "Error", message: "null" },
    ],
    ["calls a tool that is not there", ({ call }) => call("nothing"), { name: "NameError", message: "name 'nothing' is not defined" }],
  ])("that %s ends with that error, and its logs", async (_, handler, error) => {
    const session = await open((step) => {
      step.print("before");
      return handler(step);
    });
    expect(await play(session)).toMatchObject({ error, logs: "before\n", value: null, stateLost: false });
  });

  it("has its logs capped, with a mark", async () => {
    const session = await open(
      ({ print }) => {
        for (let line = 0; line < 1_000; line++) print("0123456789");
      },
      { maxLogCharacters: 25 },
    );
    expect((await play(session)).logs).toBe("0123456789\n0123456789\n012\n[output capped at 25 characters]\n");
  });
});

describe("stopping", () => {
  const untilStopped: FakeHandler = ({ signal, variables }) => {
    variables.kept = 1;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };

  it.each([
    ["timeout", "TimeoutError"],
    ["aborted", "AbortError"],
  ] as const)("by interrupt(%j) ends a step that heeds it, with its state", async (reason, name) => {
    const session = await open((step) => (step.code === "read" ? (step.variables.kept ?? null) : untilStopped(step)));
    session.start("wait");
    const first = session.next();
    session.interrupt(reason);
    session.interrupt("aborted");
    expect(await finish(session, first)).toMatchObject({ error: { name }, stateLost: false, value: null });
    expect((await play(session, "read")).value).toBe(1);
  });

  it("of a step that does not heed it costs the variables", async () => {
    let callLate: (() => Promise<Value>) | undefined;
    const session = await open(
      ({ code, variables, call }) => {
        callLate = () => call("echo");
        if (code === "read") return variables.kept ?? null;
        variables.kept = 1;
        return new Promise(() => {});
      },
      { graceMs: 10 },
    );
    session.start("wait");
    session.interrupt("aborted");
    expect(await finish(session)).toMatchObject({ error: { name: "AbortError" }, stateLost: true });
    await expect(callLate?.()).rejects.toMatchObject({ name: "AbortError" });
    expect((await play(session, "read")).value).toBe(null);
  });

  it("settles pending calls with an error and tells of those that were seen", async () => {
    const session = await open(({ call }) => call("echo", [1]));
    session.start("");
    const [call] = await calls(session);
    session.interrupt("timeout");
    session.deliver([{ id: call?.id ?? "", value: "late" }]);
    expect(await session.next()).toEqual({ type: "calls", calls: [], cancelled: [call?.id] });
    expect(await finish(session)).toMatchObject({ error: { name: "TimeoutError" }, stateLost: false });
  });

  it("by the signal, before and during the step", async () => {
    const session = await open(untilStopped);
    expect(await play(session, "", { signal: AbortSignal.abort() })).toMatchObject({ error: { name: "AbortError" } });
    expect(await play(session, "", { signal: AbortSignal.timeout(10) })).toMatchObject({ error: { name: "AbortError" } });
  });

  it("while idle is nothing", async () => {
    const session = await open(() => 1);
    session.interrupt("aborted");
    expect((await play(session)).value).toBe(1);
    session.interrupt("aborted");
    expect((await play(session)).value).toBe(1);
  });
});

describe("the timeout", () => {
  it("counts the code's own time, and not its waiting for calls", async () => {
    const clock = new FakeClock();
    const session = await open(
      async ({ call, signal }) => {
        await clock.sleep(60, signal);
        await call("slow");
        await clock.sleep(60, signal);
        return "done";
      },
      { clock },
    );
    session.start("", { timeoutMs: 100 });
    const first = session.next();
    await clock.advance(60);
    expect((await first).type).toBe("calls");
    await clock.advance(10_000);
    session.deliver([{ id: "1.1", value: null }]);
    const end = session.next();
    await clock.advance(39);
    await clock.advance(1);
    expect(await finish(session, end)).toMatchObject({ error: { name: "TimeoutError" }, stateLost: false, durationMs: 10_100 });
  });

  it("leaves no timer behind", async () => {
    const clock = new FakeClock();
    const session = await open(async () => 1, { clock });
    await play(session);
    expect(clock.sleeping).toBe(0);
  });
});

describe("a session", () => {
  it("that crashed rejects with that error from then on", async () => {
    const crash = new ExecutorCrashedError("gone");
    const session = await open(() => {
      throw crash;
    });
    session.start("");
    await expect(session.next()).rejects.toBe(crash);
    session.start("");
    await expect(session.next()).rejects.toBe(crash);
    await expect(session.bind({})).rejects.toBe(crash);
    await session[Symbol.asyncDispose]();
  });

  it("whose code died loses its variables and goes on", async () => {
    const session = await open(({ code, variables }) => {
      if (code === "read") return variables.kept ?? null;
      variables.kept = 1;
      throw Object.assign(new Error("exit code 1"), { name: "SessionDied" });
    });
    expect(await play(session)).toMatchObject({ error: { name: "SessionDied" }, stateLost: true });
    expect((await play(session, "read")).value).toBe(null);
  });

  it("refuses a start or a binding during a step, and a next without one", async () => {
    const session = await open(({ call }) => call("echo", [5]));
    await expect(session.next()).rejects.toMatchObject({ code: "configuration" });
    session.start("");
    expect(() => session.start("")).toThrow(expect.objectContaining({ code: "configuration" }));
    await expect(session.bind({})).rejects.toMatchObject({ code: "configuration" });
    expect((await finish(session)).value).toBe(5);
  });

  it("refuses every use after disposal, and settles the step that ran", async () => {
    const executor = fakeExecutor(({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const session = await executor.open();
    expect([executor.openedSessions, executor.openSessions]).toEqual([1, 1]);
    session.start("");
    const next = session.next();
    await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose](), expect(next).rejects.toMatchObject({ code: "aborted" })]);
    const configuration = expect.objectContaining({ code: "configuration" });
    expect(() => session.start("")).toThrow(configuration);
    expect(() => session.deliver([])).toThrow(configuration);
    await expect(session.next()).rejects.toEqual(configuration);
    await expect(session.bind({})).rejects.toEqual(configuration);
    session.interrupt("aborted");
    expect([executor.openedSessions, executor.openSessions]).toEqual([1, 0]);
  });

  it("does not share variables with another", async () => {
    const executor = fakeExecutor(({ variables }) => (variables.n = Number(variables.n ?? 0) + 1));
    const [a, b] = [await executor.open(), await executor.open({ variables: { n: 5 } })];
    expect([(await play(a)).value, (await play(b)).value, (await play(a)).value]).toEqual([1, 6, 2]);
  });
});

describe("the executor", () => {
  it("claims no isolation", () => {
    expect(fakeExecutor(() => null).capabilities).toMatchObject({ isolation: 0, network: "full", files: "host", processes: "host" });
  });

  it("refuses wrong options, an aborted opening and a saved session", async () => {
    expect(() => fakeExecutor(undefined as never)).toThrow("Expected `handler`");
    expect(() => fakeExecutor(() => null, { graceMs: -1 })).toThrow("Expected `graceMs`");
    const executor = fakeExecutor(() => null);
    await expect(executor.open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    await expect(executor.open({ restore: { executor: "fake", data: null } })).rejects.toMatchObject({ code: "configuration" });
  });
});
