import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Executor } from "@codelet/core";
import { poolExecutor } from "@codelet/core/pool-executor";
import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, expect, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { childrenOf, sampleTree } from "./process-tree.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

/** The same sandbox gives the same answers: the short form asks for what a pool could break, the long one for everything. */
const groups =
  process.env.CODELET_FULL === "1" ? contractGroups : (["manifest", "state", "calls", "crashes", "imports", "lifecycle", "files"] as const);
/** So short a wait that a pool which nobody asks has come to rest before the contract looks for what was left. */
const pool = { size: 2, maxIdleMs: 250 };
const module = fileURLToPath(new URL("./testing/pooled-local.ts", import.meta.url));

describe.skipIf(sandboxMissing !== undefined)("a pool of sandboxes", () => {
  const asked = { pool: 0, executor: 0 };
  const local = localExecutor();
  const pooled = poolExecutor(
    counting(local, () => asked.executor++),
    pool,
  );

  executorContract({
    it,
    describe,
    name: "a pool of local",
    create: () => counting(pooled, () => asked.pool++),
    groups,
    module: { module, factory: "pooledLocal", options: { pool, local: {} } },
    faults: { killSandbox: async () => killChildren() },
  });

  it("has served most callers with a session that was opened ahead", () => {
    expect(asked.pool).toBeGreaterThan(50);
    expect(asked.executor).toBeLessThan(asked.pool / 2);
  });

  it("lets its process end once nobody has asked for long, without being disposed of", async () => {
    const program = `
      const { pooledLocal } = await import(${JSON.stringify(pathToFileURL(module).href)});
      await pooledLocal({ pool: { size: 1, maxIdleMs: 200 }, local: {} }).warm();
      console.log("warm");`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { timeout: 10_000 });
    expect(stdout).toBe("warm\n");
  });
});

/** Counts the openings with tools: those that somebody waits for. */
function counting(executor: Executor, count: () => void): Executor {
  return {
    ...executor,
    open: (options) => {
      if (options?.tools !== undefined) count();
      return executor.open(options);
    },
  };
}

/** Every sandbox of this process, taken or waiting: the contract can't tell which is which. */
function killChildren(): void {
  for (const pid of childrenOf(process.pid).flatMap((child) => sampleTree(child, 1_000).pids)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // went down with its parent
    }
  }
}
