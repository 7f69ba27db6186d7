import { getEventListeners } from "node:events";
import { type Execution, type ExecutorSession, ProtocolError, type ToolSignature } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { type FakeExecutorOptions, type FakeHandler, type FakeStep, fakeExecutor } from "./fake-executor.ts";

const echo: ToolSignature = { name: "echo", description: "echo", inputSchema: { type: "object", properties: { x: {} } } };

const open = (handler: FakeHandler, options?: FakeExecutorOptions): Promise<ExecutorSession> =>
  fakeExecutor(handler, options).open({ tools: [echo] });
const endOf = async (session: ExecutorSession): Promise<Execution> => {
  const advance = await session.next();
  return advance.type === "done" ? advance.execution : endOf(session);
};
const settled = (): Promise<void> => new Promise(setImmediate);

describe("a fake step's own time", () => {
  it("stands still while any call is pending, from its first line on", async () => {
    const clock = new FakeClock({ startMs: 5_000 });
    const session = await open(({ call }) => Promise.all([call("echo"), call("echo")]), { clock });
    session.start("", { timeoutMs: 100 });
    await session.next();
    await clock.advance(1_000);
    session.deliver([{ id: "1.1", value: 1 }]);
    await clock.advance(1_000);
    session.deliver([{ id: "1.2", value: 2 }]);
    expect(await endOf(session)).toMatchObject({ value: [1, 2], durationMs: 2_000 });
    expect(clock.sleeping).toBe(0);
  });

  it("is what it has run for before and after its calls", async () => {
    const clock = new FakeClock({ startMs: 5_000 });
    const session = await open(
      async ({ call, signal }) => {
        await clock.sleep(50, signal);
        const first = call("echo");
        await clock.sleep(30, signal);
        await Promise.all([first, call("echo")]);
        await clock.sleep(49, signal);
        return "in time";
      },
      { clock },
    );
    session.start("", { timeoutMs: 100 });
    await clock.advance(1_000);
    session.deliver(["1.1", "1.2"].map((id) => ({ id, value: null })));
    await clock.advance(49);
    expect(await endOf(session)).toMatchObject({ value: "in time" });
  });

  it("has no timer left, however the step ends", async () => {
    const clock = new FakeClock();
    const session = await open(
      ({ code, call, signal }) => {
        if (code === "at once") return 1;
        if (code === "unanswered") return void call("echo");
        return new Promise((_, reject) => signal.addEventListener("abort", reject));
      },
      { clock },
    );
    for (const code of ["at once", "unanswered", "stopped"]) {
      session.start(code);
      session.deliver([{ id: "2.1", value: "late" }]);
      if (code === "stopped") {
        session.interrupt("aborted");
        expect(clock.sleeping).toBe(1); // the grace
      }
      await endOf(session);
      expect(clock.sleeping).toBe(0);
    }
  });
});

describe("a fake step that was stopped", () => {
  it("is not begun when its signal was aborted before, and forgets its signal when it has ended", async () => {
    const played: string[] = [];
    const session = await open(({ code }) => void played.push(code));
    session.start("never", { signal: AbortSignal.abort() });
    await endOf(session);
    const { signal } = new AbortController();
    session.start("once", { signal });
    await endOf(session);
    expect(played).toEqual(["once"]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("has an aborted signal, also for who looks only then, and no value", async () => {
    const signals: AbortSignal[] = [];
    const session = await open(async (step) => {
      if (step.code === "early") signals.push(step.signal, step.signal);
      await step.call("echo").catch(() => {});
      signals.push(step.signal);
      return "a value";
    });
    for (const code of ["early", "late"]) {
      session.start(code);
      session.interrupt("timeout");
      expect(await endOf(session)).toMatchObject({ value: null, error: { name: "TimeoutError" }, stateLost: false });
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true]);
  });
});

describe("a fake step that has ended", () => {
  it("prints, calls and answers no more", async () => {
    let left: FakeStep | undefined;
    const shown: string[] = [];
    const session = await open((step) => {
      left = step;
      step.print("in time");
      return 1;
    });
    session.start("", { onOutput: ({ text }) => shown.push(text) });
    const { logs } = await endOf(session);
    left?.print("late");
    await expect(left?.call("echo")).rejects.toMatchObject({ name: "StepEnded" });
    expect(left?.signal.aborted).toBe(true);
    expect([logs, shown]).toEqual(["in time\n", ["in time\n"]]);
  });

  it("settles its calls when the session is disposed of or crashes, and leaves its last word when it had ended before", async () => {
    const failures: string[] = [];
    const handler: FakeHandler = async ({ code, call }) => {
      void call("echo").catch((error: Error) => failures.push(error.name));
      if (code === "crash") throw new ProtocolError("forged");
      return code === "over" ? 1 : new Promise(() => {});
    };
    const [disposed, crashed, over] = await Promise.all([open(handler), open(handler), open(handler)]);
    disposed.start("");
    await disposed[Symbol.asyncDispose]();
    await settled();
    expect(failures).toEqual(["AbortError"]);
    crashed.start("crash");
    await crashed.next();
    await expect(crashed.next()).rejects.toMatchObject({ code: "protocol" });
    expect(failures).toEqual(["AbortError", "ProtocolError"]);
    over.start("over");
    await settled();
    const end = endOf(over);
    await over[Symbol.asyncDispose]();
    expect(await end).toMatchObject({ value: 1 });
  });
});

it.each([0, Number.NaN])("a timeout of %d is refused", async (timeoutMs) => {
  const session = await open(() => 1);
  expect(() => session.start("", { timeoutMs })).toThrow(
    expect.objectContaining({ name: "TypeError", message: expect.stringContaining("`timeoutMs`") }),
  );
  session.start("", { timeoutMs: 1 });
  expect((await endOf(session)).value).toBe(1);
});

it("a call that nobody waits for may fail", async () => {
  const session = await open(async ({ call }) => {
    void call("echo");
    await call("echo");
  });
  session.start("");
  await session.next();
  session.deliver([
    { id: "1.1", error: { name: "Error", message: "no" } },
    { id: "1.2", value: null },
  ]);
  expect((await endOf(session)).error).toBeUndefined();
  await settled();
});

it("arguments are a list or an object", async () => {
  const session = await open(({ call }) => call("echo", null as never));
  session.start("");
  expect((await endOf(session)).error).toMatchObject({ name: "TypeError", message: expect.stringContaining("a list or an object, got null") });
});

it("logs are marked as capped where something is missing, and nowhere else", async () => {
  const session = await open(({ code, print }) => Array.from(code, () => print("123456789")) && null, { maxLogCharacters: 10 });
  const logsOf = (code: string): Promise<string> => {
    session.start(code);
    return endOf(session).then(({ logs }) => logs);
  };
  expect(await logsOf("1")).toBe("123456789\n");
  expect(await logsOf("123")).toBe("123456789\n\n[output capped at 10 characters]\n");
});
