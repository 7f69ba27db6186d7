import { describe, expect, it, vi } from "vitest";
import { sleep } from "./abort.ts";
import { CodeAgent } from "./code-agent.ts";
import { ExecutorCrashedError } from "./errors.ts";
import type { Executor, ExecutorSession, OpenSessionOptions, SessionBinding } from "./executor.ts";
import { memoryJournal } from "./journal.ts";
import { poolExecutor } from "./pool-executor.ts";
import { runCode } from "./run-code.ts";

import { assigning, echo, evaluate, newGate, pool, spied } from "./testing/pools.ts";

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

  it("is filled again after each caller", async () => {
    const { executor, sessions } = spied();
    const pooled = pool(executor, { size: 1 });
    await pooled.warm();
    for (let caller = 0; caller < 3; caller++) {
      expect(await pooled.open()).toBe(sessions[caller]);
      await sleep(1);
      expect(sessions).toHaveLength(caller + 2);
    }
  });

  it("asks a session that has waited for a sign of life, and binds what there is to bind", async () => {
    const { executor, sessions } = spied();
    const pooled = pool(executor);
    await pooled.warm();
    const bound: (readonly string[])[] = [];
    for (const session of sessions) Object.assign(session, { bind: async (binding: SessionBinding) => void bound.push(Object.keys(binding)) });
    await pooled.open();
    await pooled.open({ tools: [echo], variables: {} });
    expect(bound).toEqual([[], [], ["tools", "variables"]]);
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
    for (const authorizedImports of [["numpy"], ["numpy", "pandas"], ["numpy", "xml.*", "pandas"], undefined])
      expect(sessions.indexOf(await pooled.open({ authorizedImports }))).toBeGreaterThan(1);
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
    expect(() => poolExecutor(executor, { size: 1, maxIdle: 5 } as never)).toThrow("maxIdle");
    expect(() => poolExecutor({} as never, { size: 1 })).toThrow("executor");
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
    void pooled[Symbol.asyncDispose]();
    const disposed = pooled[Symbol.asyncDispose]();
    gate.open();
    await Promise.all([disposed, warming]);
    expect([opened.length, living()]).toEqual([2, 0]);
  });

  it("is given up while it is being opened when the pool is disposed of", async () => {
    vi.useFakeTimers();
    const pooled = pool(spied(({ signal }) => sleep(60_000, signal)).executor);
    const warming = pooled.warm();
    await Promise.all([pooled[Symbol.asyncDispose](), expect(warming).rejects.toThrow("The session is not needed any more.")]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no timer when it was taken, or ended with the pool", async () => {
    vi.useFakeTimers();
    const pooled = pool(spied().executor);
    await pooled.warm();
    await pooled.open();
    await pooled[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });
});
