import { homedir } from "node:os";
import { describe, expect, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { evaluateOnce } from "./testing/evaluate.ts";
import { emptyFiles, forkBomb, fullConnections, fullSockets, limitCases, manyEaters, memoryLimitBytes } from "./testing/limit-cases.ts";
import { evaluateAsUser } from "./testing/other-host.ts";
import { sandboxMissing, systemPython } from "./testing/sandbox-support.ts";
import { isRoot } from "./unprivileged-user.ts";

describe.skipIf(sandboxMissing !== undefined)("limits in the sandbox", () => limitCases({ sandbox: "required" }));
describe("limits without the sandbox", () => limitCases({ sandbox: "none" }));

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

    it.each([
      ["sockets", fullSockets],
      ["connections", fullConnections],
      ["names of files", emptyFiles],
    ])("end a session whose %s take the kernel's memory", async (_, code) => {
      await expect(evaluateAsUser(code, { python: systemPython, memoryLimitBytes })).rejects.toThrow(
        "MemoryError: the code used more memory than allowed",
      );
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
