import { describe, expect, it, vi } from "vitest";
import { sleep } from "./abort.ts";
import { ConfigurationError, ExecutorCrashedError } from "./errors.ts";
import type { SessionBinding } from "./executor.ts";
import type { PoolExecutor } from "./pool-executor.ts";

import { echo, newGate, pool, spied } from "./testing/pools.ts";

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

  it("is told of to those who wait for it, as long as they do", async () => {
    const gate = newGate();
    let tell = (_message: string): void => {};
    const { executor } = spied(({ onProgress }) => {
      tell = (message) => onProgress?.(message);
      return gate.opened;
    });
    const pooled = pool(executor, { size: 1 });
    const told: string[] = [];
    const filled = pooled.warm();
    for (const wait of [pooled.warm, pooled.open]) {
      const controller = new AbortController();
      const waiting = wait({ signal: controller.signal, onProgress: (message) => told.push(message) });
      tell("heard");
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: "aborted" });
      tell("not heard");
    }
    gate.open();
    await filled;
    expect(told).toEqual(["heard", "heard"]);
  });

  it("that was taken before its end is not ended by the pool", async () => {
    vi.useFakeTimers();
    const gate = newGate();
    const { executor, living } = spied(() => gate.opened);
    const pooled = pool(executor, { size: 1, maxIdleMs: 1_000 });
    const filled = pooled.warm();
    const opening = pooled.open();
    gate.open();
    await Promise.all([filled, opening]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(living()).toBe(1);
  });

  it.each([
    ["another has its place", 1, async (pooled: PoolExecutor) => pooled.warm()],
    ["the pool is disposed of", 0, async (pooled: PoolExecutor) => pooled[Symbol.asyncDispose]()],
  ])("that nobody waits for any more is ended when %s", async (_, left, meanwhile) => {
    const gate = newGate();
    const { executor, living } = spied(() => gate.opened);
    const pooled = pool(executor, { size: 1 });
    const filled = pooled.warm();
    const controller = new AbortController();
    const opening = pooled.open({ signal: controller.signal });
    const done = meanwhile(pooled);
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    gate.open();
    await done;
    if (left > 0) await filled;
    else await expect(filled).rejects.toMatchObject({ code: "aborted" });
    await sleep(1);
    expect(living()).toBe(left);
  });

  it("that ends after the pool starts no other", async () => {
    const gate = newGate();
    const { executor, opened } = spied(() => gate.opened);
    const pooled = pool(executor);
    const opening = pooled.open();
    await pooled[Symbol.asyncDispose]();
    gate.open();
    await opening;
    await sleep(1);
    expect(opened).toHaveLength(1);
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

  it("are not hastened by who asks meanwhile, and go on as long as somebody does", async () => {
    vi.useFakeTimers();
    const { executor, opened } = spied(({ tools }) => {
      if (tools === undefined) throw new ExecutorCrashedError("ahead");
    });
    const pooled = pool(executor, { size: 1, maxIdleMs: 1_500 });
    const triesAfter = async (milliseconds: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      return opened.filter(({ tools }) => tools === undefined).length;
    };
    await pooled.open({ tools: [echo] });
    expect(await triesAfter(999)).toBe(1);
    await pooled.open({ tools: [echo] });
    expect([await triesAfter(0), await triesAfter(1), await triesAfter(1_400)]).toEqual([1, 2, 2]);
    await pooled.open({ tools: [echo] });
    expect([await triesAfter(600), await triesAfter(60_000)]).toEqual([3, 3]);
    expect(vi.getTimerCount()).toBe(0);
    await pooled.open({ tools: [echo] });
    expect(await triesAfter(0)).toBe(4);
    await pooled[Symbol.asyncDispose]();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are tried at once by who warms the pool, and the next failures as if there had been none", async () => {
    vi.useFakeTimers();
    await vi.advanceTimersByTimeAsync(600_000);
    let isDown = true;
    const { executor, opened, living } = failing(() => isDown);
    const pooled = pool(executor, { size: 1 });
    await expect(Promise.all([pooled.warm(), vi.advanceTimersByTimeAsync(0)])).rejects.toThrow("ahead");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(opened).toHaveLength(2);
    isDown = false;
    await pooled.warm();
    await vi.advanceTimersByTimeAsync(1_500);
    isDown = true;
    await (await pooled.open())[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(0);
    isDown = false;
    await vi.advanceTimersByTimeAsync(999);
    expect([opened.length, living()]).toEqual([4, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect(living()).toBe(1);
  });

  it("cost no other session its place when they were taken before", async () => {
    const gate = newGate();
    const { executor, opened, sessions } = spied(async () => {
      if (opened.length > 1) return;
      await gate.opened;
      throw new ExecutorCrashedError("gone");
    });
    const pooled = pool(executor);
    const filled = expect(pooled.warm()).rejects.toThrow("gone");
    const opening = pooled.open();
    await sleep(1);
    gate.open();
    await filled;
    expect(await opening).toBe(sessions[0]);
    expect(opened).toHaveLength(2);
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
