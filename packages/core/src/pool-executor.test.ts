import { type FakeHandler, fakeExecutor } from "@codelet/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sleep } from "./abort.ts";
import { CodeAgent } from "./code-agent.ts";
import { ConfigurationError, ExecutorCrashedError } from "./errors.ts";
import type { Execution, Executor, ExecutorSession, OpenSessionOptions, SessionBinding, ToolSignature } from "./executor.ts";
import { memoryJournal } from "./journal.ts";
import { type PoolExecutor, poolExecutor } from "./pool-executor.ts";
import { runCode } from "./run-code.ts";

const echo: ToolSignature = { name: "echo", description: "echo", inputSchema: { type: "object", properties: { x: {} } } };
const pools: PoolExecutor[] = [];

/** Reads a variable, or sets one: `name` or `name = json`. */
const assigning: FakeHandler = ({ code, variables }) => {
  const [name = "", json] = code.split(" = ");
  if (json !== undefined) variables[name] = JSON.parse(json);
  return variables[name] ?? null;
};

/** An executor with the options of every opening, each of which may be made to wait or to fail. */
function spied(opening: (options: OpenSessionOptions) => Promise<void> | void = () => {}, handler: FakeHandler = assigning) {
  const inner = fakeExecutor(handler);
  const opened: OpenSessionOptions[] = [];
  const sessions: ExecutorSession[] = [];
  const executor: Executor = {
    ...inner,
    async open(options = {}) {
      opened.push(options);
      await opening(options);
      const session = await inner.open(options);
      sessions.push(session);
      return session;
    },
  };
  return { executor, opened, sessions, living: () => inner.openSessions };
}

function pool(executor: Executor, options: Partial<Parameters<typeof poolExecutor>[1]> = {}): PoolExecutor {
  const created = poolExecutor(executor, { size: 2, ...options });
  pools.push(created);
  return created;
}

async function evaluate(session: ExecutorSession, code: string): Promise<Execution> {
  session.start(code);
  const advance = await session.next();
  if (advance.type === "calls") throw new Error("The code calls.");
  return advance.execution;
}

function newGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((created) => created[Symbol.asyncDispose]()));
});

describe("a pool", () => {
  it("is the executor by name and manifest, and opens nothing before it is asked", async () => {
    const { executor, opened } = spied();
    const { name, language, capabilities } = pool(executor);
    expect([name, language]).toEqual([executor.name, executor.language]);
    expect(capabilities).toBe(executor.capabilities);
    expect(opened).toEqual([]);
  });

  it("hands out sessions that were opened ahead, with tools and variables bound", async () => {
    const { executor, opened, sessions } = spied(undefined, (step) => (step.code === "tools" ? [...step.tools.keys()] : assigning(step)));
    const pooled = pool(executor);
    await pooled.warm();
    expect(opened.map(({ tools, variables }) => [tools, variables])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    const session = await pooled.open({ tools: [echo], variables: { x: 4 } });
    expect(session).toBe(sessions[0]);
    expect((await evaluate(session, "tools")).value).toEqual(["echo"]);
    expect((await evaluate(session, "x")).value).toBe(4);
    await sleep(1);
    expect(opened).toHaveLength(3);
  });

  it("opens one as the executor does while it is empty, and is filled after that", async () => {
    const { executor, opened, sessions } = spied();
    const pooled = pool(executor);
    const session = await pooled.open({ tools: [echo], variables: { x: 4 } });
    expect(session).toBe(sessions[0]);
    await sleep(1);
    expect(opened.map(({ tools }) => tools)).toEqual([[echo], undefined, undefined]);
    expect((await evaluate(session, "x")).value).toBe(4);
  });

  it("gives no session to a second caller", async () => {
    const { executor, living } = spied();
    const pooled = pool(executor);
    const seen = new Set<ExecutorSession>();
    for (let caller = 0; caller < 10; caller++) {
      const session = await pooled.open();
      seen.add(session);
      expect((await evaluate(session, "secret")).value).toBe(null);
      await evaluate(session, 'secret = "of one caller"');
      await session[Symbol.asyncDispose]();
    }
    expect(seen.size).toBe(10);
    await sleep(1);
    expect(living()).toBe(2);
  });

  it.each<[string, OpenSessionOptions]>([
    ["a seed", { seed: "s" }],
    ["a list of imports", { authorizedImports: [] }],
    ["what a later contract may add", { packages: ["numpy"] } as OpenSessionOptions],
  ])("opens a session of its own for %s", async (_, options) => {
    const { executor, opened, sessions } = spied();
    const pooled = pool(executor);
    await pooled.warm();
    const session = await pooled.open(options);
    expect(session).toBe(sessions[2]);
    expect(opened[2]).toBe(options);
    expect(opened).toHaveLength(3);
  });

  it("passes on what the executor says of a session to restore", async () => {
    const pooled = pool(spied().executor);
    await pooled.warm();
    await expect(pooled.open({ restore: { executor: "fake", data: null } })).rejects.toMatchObject({ code: "configuration" });
  });

  it("keeps sessions with its own list of imports, for whoever has the same", async () => {
    const { executor, opened, sessions } = spied();
    const pooled = pool(executor, { authorizedImports: ["numpy", "xml.*"] });
    await pooled.warm();
    expect(opened[0]?.authorizedImports).toEqual(["numpy", "xml.*"]);
    expect(await pooled.open({ authorizedImports: ["xml.*", "numpy"] })).toBe(sessions[0]);
    expect(sessions.indexOf(await pooled.open({ authorizedImports: ["numpy"] }))).toBeGreaterThan(1);
    expect(sessions.indexOf(await pooled.open())).toBeGreaterThan(1);
  });

  it("serves a hundred callers at once, each with a session of its own", async () => {
    const { executor, opened, living } = spied(() => sleep(5));
    const pooled = pool(executor, { size: 4 });
    await pooled.warm();
    const sessions = await Promise.all(Array.from({ length: 100 }, (_, index) => pooled.open({ variables: { index } })));
    expect(new Set(sessions).size).toBe(100);
    const values = await Promise.all(sessions.map((session) => evaluate(session, "index")));
    expect(values.map(({ value }) => value)).toEqual(sessions.map((_, index) => index));
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    await pooled.warm();
    expect(opened).toHaveLength(104);
    expect(living()).toBe(4);
  });

  it("serves agents and programs with what waits, and runs that may be repeated with a session of their seed", async () => {
    const { executor, opened, living } = spied(undefined, async ({ code, call, finalAnswer, print }) => {
      if (code.includes("answer")) finalAnswer(7);
      print(String(await call("echo", [1]).catch((error: Error) => error.name)));
    });
    const pooled = pool(executor);
    await pooled.warm();
    const definition = { model: async () => "Thought: go\n<code>\nanswer\n</code>", executor: pooled } as const;
    expect(await new CodeAgent(definition).run("task")).toMatchObject({ state: "success", output: 7 });
    expect((await runCode(pooled, "call")).logs).toBe("NameError\n");
    expect(opened.every(({ tools }) => tools === undefined)).toBe(true);
    await new CodeAgent(definition).run("task", { runId: "order-7" });
    const { runId } = await new CodeAgent({ ...definition, journal: memoryJournal() }).run("task");
    expect(opened.flatMap(({ seed }) => seed ?? [])).toEqual(["order-7", runId]);
    await pooled.warm();
    expect(living()).toBe(2);
  });

  it("refuses wrong options", () => {
    const { executor } = spied();
    for (const size of [0, -1, 1.5, Number.NaN, "2" as never]) expect(() => poolExecutor(executor, { size })).toThrow("Expected `size`");
    expect(() => poolExecutor(executor, { size: 1, maxIdleMs: 0 })).toThrow("Expected `maxIdleMs`");
  });
});

describe("a session that waits", () => {
  it("is replaced by another when it has died", async () => {
    const { executor, sessions, living } = spied();
    const pooled = pool(executor);
    await pooled.warm();
    Object.assign(sessions[0] ?? {}, { bind: () => Promise.reject(new ExecutorCrashedError("gone")) });
    const session = await pooled.open({ variables: { x: 1 } });
    expect(session).toBe(sessions[1]);
    expect((await evaluate(session, "x")).value).toBe(1);
    await session[Symbol.asyncDispose]();
    await pooled.warm();
    expect(living()).toBe(2);
  });

  it("is replaced by one of the caller's own when all have died, also during the binding", async () => {
    const { executor, sessions, opened, living } = spied();
    const pooled = pool(executor);
    await pooled.warm();
    Object.assign(sessions[0] ?? {}, { bind: () => expect.fail("no session any more") });
    Object.assign(sessions[1] ?? {}, {
      bind: async ({ variables }: SessionBinding) => {
        if (variables !== undefined) throw new ExecutorCrashedError("gone");
      },
    });
    expect(await pooled.open({ variables: { x: 1 } })).toBe(sessions[2]);
    expect(opened[2]?.variables).toEqual({ x: 1 });
    await pooled.warm();
    expect(living()).toBe(3);
  });

  it("that is silent costs its caller two seconds at most, also when others are", async () => {
    const { executor, sessions, living } = spied();
    const pooled = pool(executor, { size: 3 });
    await pooled.warm();
    for (const session of sessions) Object.assign(session, { bind: () => new Promise(() => {}) });
    vi.useFakeTimers();
    const opening = pooled.open();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await opening).toBe(sessions[3]);
    await vi.advanceTimersByTimeAsync(1);
    expect(living()).toBe(4);
  });

  it("is ended when nobody takes it in time, and not replaced before somebody asks", async () => {
    vi.useFakeTimers();
    const { executor, opened, living } = spied();
    const pooled = pool(executor, { maxIdleMs: 1_000 });
    await pooled.warm();
    await vi.advanceTimersByTimeAsync(900);
    expect(living()).toBe(2);
    await vi.advanceTimersByTimeAsync(100);
    expect([living(), vi.getTimerCount()]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(2);
    await (await pooled.open())[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(1);
    expect(living()).toBe(2);
  });

  it("comes to rest also when opening one takes longer than it may wait", async () => {
    vi.useFakeTimers();
    const { executor, opened, living } = spied(() => sleep(100 * opened.length));
    const pooled = pool(executor, { size: 3, maxIdleMs: 50 });
    const warming = pooled.warm();
    await vi.advanceTimersByTimeAsync(60_000);
    await warming;
    expect([opened.length, living()]).toEqual([3, 0]);
  });

  it("is ended with the pool, those that were taken are not", async () => {
    const { executor, living } = spied();
    const pooled = pool(executor);
    await pooled.warm();
    const session = await pooled.open();
    await Promise.all([pooled[Symbol.asyncDispose](), pooled[Symbol.asyncDispose]()]);
    expect(living()).toBe(1);
    expect((await evaluate(session, "x = 1")).value).toBe(1);
    await session[Symbol.asyncDispose]();
    await expect(pooled.open()).rejects.toMatchObject({ code: "configuration" });
    await expect(pooled.warm()).rejects.toMatchObject({ code: "configuration" });
    expect(living()).toBe(0);
  });

  it("is ended also when the pool is disposed of while it is being opened, and the executor heeds no signal", async () => {
    const gate = newGate();
    const { executor, opened, living } = spied(() => gate.opened);
    const deaf: Executor = { ...executor, open: ({ signal, ...options } = {}) => executor.open(options) };
    const pooled = pool(deaf);
    const warming = pooled.warm();
    const disposed = pooled[Symbol.asyncDispose]();
    gate.open();
    await Promise.all([disposed, warming]);
    expect([opened.length, living()]).toEqual([2, 0]);
  });

  it("is given up while it is being opened when the pool is disposed of", async () => {
    const pooled = pool(spied(({ signal }) => sleep(60_000, signal)).executor);
    const warming = pooled.warm();
    await Promise.all([pooled[Symbol.asyncDispose](), expect(warming).rejects.toThrow("The session is not needed any more.")]);
  });
});

describe("an opening", () => {
  it("that is under way is taken by the first who asks, with its progress", async () => {
    const gate = newGate();
    const { executor, opened, sessions } = spied(async ({ onProgress }) => {
      await gate.opened;
      onProgress?.("pulled");
    });
    const pooled = pool(executor, { size: 1 });
    const [warming, shown]: [string[], string[]] = [[], []];
    const filled = pooled.warm({ onProgress: (message) => warming.push(message) });
    const opening = pooled.open({ onProgress: (message) => shown.push(message) });
    gate.open();
    expect(await opening).toBe(sessions[0]);
    await filled;
    expect([warming, shown]).toEqual([["pulled"], ["pulled"]]);
    await sleep(1);
    expect(opened).toHaveLength(2);
  });

  it("that a caller no longer waits for goes back to the pool", async () => {
    const gate = newGate();
    const { executor, opened, sessions } = spied(() => gate.opened);
    const pooled = pool(executor, { size: 1 });
    const filled = pooled.warm();
    const controller = new AbortController();
    const opening = pooled.open({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toMatchObject({ code: "aborted", cause: { message: "enough" } });
    gate.open();
    await filled;
    expect(await pooled.open()).toBe(sessions[0]);
    expect(opened[0]?.signal?.aborted).toBe(false);
  });

  it("of its own is what a caller waits for and aborts when the pool is empty", async () => {
    const { executor, living } = spied(({ signal }) => sleep(60_000, signal));
    const controller = new AbortController();
    const opening = pool(executor).open({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    expect(living()).toBe(0);
  });

  it("with an aborted signal rejects with aborted, and takes nothing", async () => {
    const { executor, opened } = spied();
    const pooled = pool(executor);
    await expect(pooled.open({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    await expect(pooled.warm({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(opened).toEqual([]);
  });

  it("of the whole pool goes on without a caller who no longer waits", async () => {
    const gate = newGate();
    const { executor, living } = spied(() => gate.opened);
    const pooled = pool(executor);
    const controller = new AbortController();
    const warming = pooled.warm({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(warming).rejects.toMatchObject({ code: "aborted" });
    gate.open();
    await pooled.warm();
    expect(living()).toBe(2);
  });

  it.each([{}, { tools: [echo] }])("that is aborted during its check or its binding leaves nothing (%j)", async (binding) => {
    const { executor, sessions, living } = spied();
    const pooled = pool(executor, { size: 1 });
    await pooled.warm();
    const isHanging = ({ tools }: SessionBinding): boolean => tools === binding.tools;
    Object.assign(sessions[0] ?? {}, { bind: async (given: SessionBinding) => isHanging(given) && sleep(60_000) });
    const controller = new AbortController();
    const opening = pooled.open({ ...binding, signal: controller.signal });
    await sleep(1);
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    expect(living()).toBe(0);
  });

  it("rejects with the error of the binding, and the session is gone", async () => {
    const { executor, sessions, living } = spied();
    const pooled = pool(executor, { size: 1 });
    await pooled.warm();
    const bind = async ({ variables }: SessionBinding): Promise<void> => {
      if (variables !== undefined) throw new ConfigurationError("no such name");
    };
    Object.assign(sessions[0] ?? {}, { bind });
    await expect(pooled.open({ variables: { x: 1 } })).rejects.toMatchObject({ code: "configuration", message: "no such name" });
    expect(living()).toBe(0);
  });
});

describe("openings that fail", () => {
  const failing = (isDown: () => boolean) =>
    spied(({ tools }) => {
      if (isDown()) throw new ExecutorCrashedError(tools === undefined ? "ahead" : "the caller's own");
    });

  it("reject with the caller's own error, also when it waited for one of the pool", async () => {
    const { executor } = failing(() => true);
    const pooled = pool(executor);
    await expect(pooled.open({ tools: [echo] })).rejects.toThrow("the caller's own");
    const warming = pooled.warm();
    const opening = pooled.open({ tools: [echo] });
    await expect(warming).rejects.toThrow("ahead");
    await expect(opening).rejects.toThrow("the caller's own");
  });

  it("are tried again at growing intervals, one at a time, and then all", async () => {
    vi.useFakeTimers();
    let isDown = false;
    const { executor, opened, living } = failing(() => isDown);
    const pooled = pool(executor, { size: 3 });
    await pooled.warm();
    isDown = true;
    for (let caller = 0; caller < 3; caller++) await (await pooled.open())[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(0);
    const tries = async (milliseconds: number): Promise<number> => {
      const before = opened.length;
      await vi.advanceTimersByTimeAsync(milliseconds);
      return opened.length - before;
    };
    expect(living()).toBe(0);
    expect(await tries(999)).toBe(0);
    expect([await tries(1), await tries(1_999), await tries(1), await tries(3_999), await tries(1)]).toEqual([1, 0, 1, 0, 1]);
    for (let caller = 0; caller < 20; caller++) await pooled.open().catch(() => {});
    expect(await tries(7_999)).toBe(0); // the callers' own openings start none
    isDown = false;
    expect(await tries(1)).toBe(3);
    expect(living()).toBe(3);
  });

  it("leave the sessions that wait alone, and only their own places empty", async () => {
    vi.useFakeTimers();
    let isDown = false;
    const { executor, living } = failing(() => isDown);
    const pooled = pool(executor, { size: 3 });
    await pooled.warm();
    isDown = true;
    await (await pooled.open())[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(500);
    expect(living()).toBe(2);
    isDown = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(living()).toBe(3);
  });

  it("end when nobody has asked for long, and leave no timer", async () => {
    vi.useFakeTimers();
    const { executor, opened } = failing(() => true);
    const pooled = pool(executor, { maxIdleMs: 10_000 });
    await expect(Promise.all([pooled.warm(), vi.advanceTimersByTimeAsync(0)])).rejects.toThrow("ahead");
    await vi.advanceTimersByTimeAsync(600_000);
    expect(opened.length).toBeLessThan(8);
    expect(vi.getTimerCount()).toBe(0);
  });
});
