import { poolExecutor } from "@codelet/core/pool-executor";
import { driveStep, executorContract } from "@codelet/executor-contract";
import { afterAll, describe, expect, it } from "vitest";
import { portExecutor } from "./testing/port-executor.ts";

const executor = portExecutor();

describe("machines that wait in a pool", () => {
  /** What the sessions of machines can do besides running code has to come through. */
  executorContract({
    it,
    describe,
    name: "a pool of port",
    create: () => poolExecutor(executor, { size: 1, maxIdleMs: 250 }),
    groups: ["manifest", "files", "recovery"],
  });

  it("are taken also when their connections were dropped meanwhile, and found again by their references", async () => {
    const pool = poolExecutor(executor, { size: 1 });
    await pool.warm();
    const warm = executor.children.length;
    executor.dropConnections();
    const session = await pool.open({ variables: { x: 41 } });
    const { execution } = await driveStep(session, "x = x + 1\nx");
    expect([execution.value, execution.stateLost]).toEqual([42, false]);
    expect(executor.children.length).toBeGreaterThanOrEqual(warm);
    const reference = await session.detach?.();
    const found = await pool.open({ restore: reference });
    expect((await driveStep(found, "x")).execution.value).toBe(42);
    await found[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  });

  it("are passed over when they were killed", async () => {
    const pool = poolExecutor(executor, { size: 2 });
    await pool.warm();
    for (const child of executor.children) child.kill("SIGKILL");
    const session = await pool.open({ variables: { x: 1 } });
    const { execution } = await driveStep(session, "x");
    expect([execution.value, execution.stateLost]).toEqual([1, false]);
    await session[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  });
});

afterAll(() => {
  for (const child of executor.children) child.kill("SIGKILL");
});
