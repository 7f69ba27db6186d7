import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { evaluate, openLocal, run } from "./testing/evaluate.ts";
import { startHost } from "./testing/other-host.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";

/** A child, one in a session of its own, and a daemon with another parent; each sleeps under a name that only it has. */
function family(name: string): string {
  return `
import os, subprocess, sys
name = ${JSON.stringify(name)}
nap = [sys.executable, "-c", "import time; time.sleep(120)", name]
subprocess.Popen(nap)
subprocess.Popen(nap, start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, nap)
    os._exit(0)
import time
time.sleep(0.3)
`;
}

function processesNamed(name: string): number {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(name)).length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

async function gone(name: string): Promise<boolean> {
  for (let attempt = 0; attempt < 40 && processesNamed(name) > 0; attempt++) await delay(50);
  return processesNamed(name) === 0;
}

describe.skipIf(process.platform !== "linux").for([{ sandbox: "required" }, { sandbox: "none" }] as const)(
  "a session with $sandbox",
  ({ sandbox }) => {
    const missing = sandbox === "required" && sandboxMissing !== undefined;

    it.skipIf(missing)("ends with everything that it started", async () => {
      const name = `codelet-nap-${process.pid}-${sandbox}`;
      const session = await openLocal({ sandbox });
      await run(session, family(name));
      expect(processesNamed(name)).toBe(3);
      await session[Symbol.asyncDispose]();
      expect(await gone(name)).toBe(true);
    });

    it.skipIf(missing)("ends with everything when its interpreter dies", async () => {
      const name = `codelet-orphan-${process.pid}-${sandbox}`;
      await using session = await openLocal({ sandbox });
      const { error, stateLost } = await run(session, `${family(name)}\nos._exit(3)`);
      expect([error?.name, stateLost]).toEqual(["SessionDied", true]);
      expect(error?.message).toContain("exit code 3");
      expect(await gone(name)).toBe(true);
    });

    it.skipIf(missing)("names the signal that ended it", async () => {
      await using session = await openLocal({ sandbox });
      const { error } = await run(session, "import ctypes\nctypes.string_at(0)");
      expect(error?.message).toContain("signal SIGSEGV");
    });

    it.skipIf(missing)("does not outlive a host that is killed while it is busy", async () => {
      const name = `codelet-busy-${process.pid}-${sandbox}`;
      const host = await startHost(
        `import subprocess, sys\nsubprocess.Popen([sys.executable, "-c", "while True: pass", "${name}"])\nwhile True: pass`,
        { sandbox },
      );
      await expect.poll(() => processesNamed(name), { timeout: 5_000 }).toBeGreaterThan(0);
      host.kill("SIGKILL");
      expect(await gone(name)).toBe(true);
    });

    it.skipIf(missing)("is over when its interpreter closes every descriptor", async () => {
      await using session = await openLocal({ sandbox });
      const { error } = await run(session, "import os\nos.closerange(3, 4096)\nwhile True: pass", { timeoutMs: 10_000 });
      expect(error?.name).toBe("SessionDied");
      expect(await evaluate(session, "1 + 1")).toBe(2);
    });

    it.skipIf(missing)("is not opened when its signal is aborted before or while it starts", async () => {
      await expect(openLocal({ sandbox }, { signal: AbortSignal.abort("no") })).rejects.toMatchObject({ code: "aborted" });
      const controller = new AbortController();
      const opening = openLocal({ sandbox }, { signal: controller.signal });
      setTimeout(() => controller.abort("changed my mind"), 8);
      await expect(opening).rejects.toMatchObject({ code: "aborted", cause: "changed my mind" });
    });

    it.skipIf(missing)("can be disposed of twice, and at once after a failure", async () => {
      const session = await openLocal({ sandbox });
      await run(session, "import os\nos._exit(0)");
      await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
      await session[Symbol.asyncDispose]();
    });
  },
);

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
