import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cgroupParents } from "./cgroup-parents.ts";
import { evaluate, openLocal, run } from "./testing/evaluate.ts";
import { closedFramesCase, killedHostCase, lifetimeCases, noControlGroupsCase } from "./testing/lifetime-cases.ts";
import { evaluateInPidNamespace, startHost } from "./testing/other-host.ts";
import { canMakePidNamespace, sandboxMissing, systemPython } from "./testing/sandbox-support.ts";
import { isRoot } from "./unprivileged-user.ts";

describe.skipIf(process.platform !== "linux" || sandboxMissing !== undefined)("a session in the sandbox", () => {
  lifetimeCases({ sandbox: "required" });
  closedFramesCase({ sandbox: "required" });
});

// Root starts the sandbox in one of two ways, which end with their host by different means.
describe.skipIf(sandboxMissing !== undefined || systemPython === undefined)("a session in the sandbox, of the system's Python", () => {
  killedHostCase({ sandbox: "required", python: systemPython });
});

describe.skipIf(process.platform !== "linux")("a session without the sandbox", () => {
  lifetimeCases({ sandbox: "none" });
  closedFramesCase({ sandbox: "none" });
});

const canBeUser = isRoot() && systemPython !== undefined && !process.execPath.startsWith(`${homedir()}/`);
if (!canBeUser) console.info("SKIPPED: a session without control groups: it takes root, the system's Python, and a Node outside of root's home");
describe.skipIf(!canBeUser)("a session without the sandbox and without control groups", () => {
  noControlGroupsCase({ sandbox: "none", python: systemPython });
});

const hasControlGroups = cgroupParents().memory !== undefined;
if (!hasControlGroups) console.info("SKIPPED: the control groups of a session: none can be made here");
describe.skipIf(!hasControlGroups)("the control groups of a session", () => {
  it("are gone with it", async () => {
    const folders = Object.values(cgroupParents()).map(({ folder }) => folder);
    const own = (): readonly string[] =>
      folders.flatMap((folder) => readdirSync(folder)).filter((name) => name.startsWith(`codelet-${process.pid}-`));
    await using first = await openLocal({ sandbox: "none" });
    const before = own();
    const second = await openLocal({ sandbox: "none" });
    expect(own().length).toBeGreaterThan(before.length);
    await second[Symbol.asyncDispose]();
    expect(own()).toEqual(before);
    expect(await evaluate(first, "1 + 1")).toBe(2);
  });

  it.skipIf(!canMakePidNamespace)("hold no session of another host, whose process has the same number in its container", async () => {
    const code = `
import os, time
time.sleep(1)
started = 0
try:
    while started < 20:
        if os.fork() == 0:
            time.sleep(1)
            os._exit(0)
        started += 1
except OSError:
    pass
started`;
    const [few, many] = await Promise.all([8, 64].map((maxProcesses) => evaluateInPidNamespace(code, { sandbox: "none", maxProcesses })));
    expect(few).toBeLessThan(8);
    expect(many).toBe(20);
  });
});

describe("the folder of a session without a sandbox", () => {
  it("is empty, its home and its folder for temporary files, and is gone with it", async () => {
    const session = await openLocal({ sandbox: "none" });
    const code = "import os, tempfile\nopen('made.txt', 'w').write('x')\n[os.getcwd(), os.environ['HOME'], tempfile.gettempdir(), os.listdir('.')]";
    const [folder, home, temporary, listing] = (await evaluate(session, code)) as [string, string, string, string[]];
    expect([home, temporary, listing]).toEqual([folder, folder, ["made.txt"]]);
    expect(existsSync(folder)).toBe(true);
    await session[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
  });

  it("is gone with its interpreter", async () => {
    await using session = await openLocal({ sandbox: "none" });
    const folder = (await evaluate(session, "import os\nos.getcwd()")) as string;
    await run(session, "os._exit(1)");
    await expect.poll(() => existsSync(folder)).toBe(false);
  });

  it.skipIf(process.platform !== "linux")("is removed by the next host when its own was killed, and no other folder is", async () => {
    const { TMPDIR } = process.env;
    const root = mkdtempSync(join(tmpdir(), "codelet-test-"));
    process.env.TMPDIR = root;
    const hosts: ChildProcess[] = [];
    const others = ["codelet-local-0123456789ab-4194305-Other1", "codelet-elsewhere"];
    try {
      for (const name of others) mkdirSync(join(root, name));
      for (const [index, expected] of [1, 1, 2].entries()) {
        const host = await startHost("open('made.txt', 'w').write('x')\nimport time\ntime.sleep(60)", { sandbox: "none" });
        hosts.push(host);
        // The second host removes what the first has left; the third finds the second alive.
        expect(readdirSync(root).filter((name) => !others.includes(name))).toHaveLength(expected);
        if (index === 0) host.kill("SIGKILL");
        if (index === 0) await once(host, "exit");
      }
      expect(readdirSync(root)).toEqual(expect.arrayContaining(others));
    } finally {
      for (const host of hosts) host.kill("SIGKILL");
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      rmSync(root, { recursive: true, force: true });
    }
  });
});
