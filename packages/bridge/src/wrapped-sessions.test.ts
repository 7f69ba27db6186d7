import type { Executor, ExecutorSession, SandboxCall } from "@codelet/core";
import { poolExecutor } from "@codelet/core/pool-executor";
import { driveStep, executorContract } from "@codelet/executor-contract";
import { recordExecutor, replayExecutor } from "@codelet/testing";
import { afterAll, describe, expect, it } from "vitest";
import { portExecutor } from "./testing/port-executor.ts";
import { addition } from "./testing/tools.ts";

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

describe("machines whose sessions are recorded", () => {
  executorContract({
    it,
    describe,
    name: "a recording of port",
    create: () => recordExecutor(executor, () => {}),
    groups: ["manifest", "files", "recovery"],
  });

  it("are left and found again in the middle of a step, also when it is played again", async () => {
    const lines: string[] = [];
    const scenario = async (played: Executor): Promise<readonly unknown[]> => {
      const session = await played.open({ tools: [addition.signature] });
      session.start("first = add(1, 2)\nprint('between')\n[first, add(3, 4)]");
      const [first] = await calls(session);
      session.deliver([{ id: first?.id ?? "", value: 3 }]);
      const [second] = await calls(session);
      const waiting = session.next().catch((error: { code?: string }) => error.code);
      const reference = await session.detach?.();
      const found = await played.open({ tools: [addition.signature], restore: reference });
      found.resume?.();
      const [again] = await calls(found);
      found.deliver([{ id: again?.id ?? "", value: 7 }]);
      const end = await found.next();
      await found[Symbol.asyncDispose]();
      return [await waiting, again?.id === second?.id, end.type === "done" && [end.execution.value, end.execution.logs]];
    };
    const seen = ["aborted", true, [[3, 7], "between\n"]];
    expect(await scenario(recordExecutor(executor, (line) => void lines.push(line)))).toEqual(seen);
    expect(lines.filter((line) => line.includes('"token"'))).toEqual([]); // no way to the machine
    expect(await scenario(replayExecutor(lines.join("")))).toEqual(seen);
  });
});

async function calls(session: ExecutorSession): Promise<readonly SandboxCall[]> {
  const advance = await session.next();
  return advance.type === "calls" ? advance.calls : [];
}

afterAll(() => {
  for (const child of executor.children) child.kill("SIGKILL");
});
