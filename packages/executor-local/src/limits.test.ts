import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { evaluate, evaluateOnce, openLocal, run } from "./testing/evaluate.ts";
import { evaluateAsUser } from "./testing/other-host.ts";
import { sandboxMissing, systemPython } from "./testing/sandbox-support.ts";
import { isRoot } from "./unprivileged-user.ts";

const memoryLimitBytes = 192 * 2 ** 20;

/** Children that together use more than the limit, each less than it. */
const manyEaters = `
import os, time
for _ in range(6):
    if os.fork() == 0:
        block = bytearray(60 * 2**20)
        for position in range(0, len(block), 4096):
            block[position] = 1
        time.sleep(20)
        os._exit(0)
time.sleep(2)
alive = 6
while os.waitpid(-1, os.WNOHANG)[0]:
    alive -= 1
alive
`;

const forkBomb = `
import os, time
forked = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        forked += 1
except OSError as error:
    pass
forked
`;

describe.for([{ sandbox: "required" }, { sandbox: "none" }] as const)("limits with $sandbox", ({ sandbox }) => {
  it.skipIf(sandbox === "required" && sandboxMissing !== undefined)("give the code a MemoryError first, and keep its variables", async () => {
    await using session = await openLocal({ sandbox, memoryLimitBytes });
    await run(session, "kept = 7");
    const { error, stateLost } = await run(session, "blocks = []\nwhile True: blocks.append(bytearray(2**20))");
    expect([error?.name, stateLost]).toEqual(["MemoryError", false]);
    await run(session, "blocks = None");
    expect(await evaluate(session, "kept")).toBe(7);
  });

  it.skipIf(sandbox === "required" && sandboxMissing !== undefined)("hold for the processes of a session together", async () => {
    await using session = await openLocal({ sandbox, memoryLimitBytes });
    const { error, value } = await run(session, manyEaters, { timeoutMs: 20_000 });
    // A control group takes one eater after the other; the host's watch ends the session.
    if (error === undefined) expect(value).toBeLessThan(6);
    else expect(error.name).toBe("MemoryError");
    expect(await evaluate(session, "1 + 1")).toBe(2);
  });

  it.skipIf(sandbox === "required" && sandboxMissing !== undefined)("end a fork bomb", async () => {
    await using session = await openLocal({ sandbox, maxProcesses: 40 });
    const { error, value } = await run(session, forkBomb, { timeoutMs: 20_000 });
    if (error === undefined) expect(value).toBeLessThanOrEqual(40);
    else expect(error.name).toBe("SessionDied");
  });

  it.skipIf(sandbox === "required" && sandboxMissing !== undefined)("cap a flood of output without growing the host", async () => {
    await using session = await openLocal({ sandbox });
    const flood = (chunks: number): string => `import os\nchunk = b"x" * 65536\nfor _ in range(${chunks}): os.write(1, chunk)`;
    await run(session, flood(2_000), { timeoutMs: 20_000 });
    // Node collects read buffers after some 64 MB of them: what a longer flood adds to that is what it costs.
    const before = process.memoryUsage().rss;
    const { logs, error } = await run(session, flood(8_000), { timeoutMs: 20_000 });
    expect(error).toBeUndefined();
    expect(logs.length).toBeLessThan(300_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe.skipIf(sandboxMissing !== undefined)("the folder of the sandbox", () => {
  it("has the size of the option", async () => {
    const fill = "try:\n    open('big', 'wb').write(bytes(3 * 2**20))\nexcept OSError as error:\n    said = error.strerror\nsaid";
    expect(await evaluateOnce(fill, { diskLimitBytes: 2 ** 20 })).toBe("No space left on device");
  });
});

describe.skipIf(sandboxMissing !== undefined || !isRoot() || systemPython === undefined || process.execPath.startsWith(`${homedir()}/`))(
  "limits without write access to control groups",
  () => {
    it("are the host's watch and the kernel's count by namespace", async () => {
      expect(await evaluateAsUser(forkBomb, { python: systemPython, maxProcesses: 40 })).toBeLessThanOrEqual(40);
    });

    it("end a session whose processes use too much together", async () => {
      await expect(evaluateAsUser(manyEaters, { python: systemPython, memoryLimitBytes })).rejects.toThrow(
        "MemoryError: the code used more memory than allowed",
      );
      await expect(evaluateAsUser(manyEaters, { python: systemPython, memoryLimitBytes, sandbox: "none" })).rejects.toThrow("MemoryError");
    });

    it("end a fork bomb outside the sandbox too", async () => {
      await expect(evaluateAsUser(forkBomb, { python: systemPython, maxProcesses: 40, sandbox: "none" })).rejects.toThrow(
        "more than 40 processes and threads started",
      );
    });
  },
);

describe("the manifest", () => {
  it("names who enforces the limits", () => {
    expect(["cgroup", "host-watch", "none"]).toContain(localExecutor().capabilities.limits.memory);
    expect(["cgroup", "rlimit", "host-watch", "none"]).toContain(localExecutor().capabilities.limits.processes);
    expect(localExecutor({ sandbox: "none" }).capabilities.limits.processes).not.toBe("rlimit");
  });
});
