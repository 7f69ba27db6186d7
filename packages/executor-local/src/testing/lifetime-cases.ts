import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { localExecutor } from "../local-executor.ts";
import type { LocalExecutorOptions } from "../options.ts";
import { childrenOf, sampleTree } from "../process-tree.ts";
import { evaluate, openLocal, run } from "./evaluate.ts";
import { evaluateAsUser, startHost } from "./other-host.ts";

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

function below(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => sampleTree(child, 1_000).pids);
}

async function gone(name: string): Promise<boolean> {
  for (let attempt = 0; attempt < 40 && processesNamed(name) > 0; attempt++) await delay(50);
  return processesNamed(name) === 0;
}

/** What the end of a session ends, on Linux and in every sandbox. */
export function lifetimeCases(options: LocalExecutorOptions): void {
  it("ends with everything that it started", async () => {
    const name = `codelet-nap-${process.pid}-${options.sandbox}`;
    const session = await openLocal(options);
    await run(session, family(name));
    expect(processesNamed(name)).toBe(3);
    await session[Symbol.asyncDispose]();
    expect(await gone(name)).toBe(true);
  });

  it("has left no process when an opening that was given up rejects", async () => {
    const executor = localExecutor(options);
    await (await executor.open())[Symbol.asyncDispose](); // which Python this is, is asked once, by a process of no session
    const before = below(process.pid);
    for (const afterMs of [1, 3, 6, 10, 15, 20, 30]) {
      const given = executor.open({ signal: AbortSignal.timeout(afterMs) });
      await given.then((session) => session[Symbol.asyncDispose]()).catch((error) => expect(error).toMatchObject({ code: "aborted" }));
      const message = `given up after ${afterMs} ms`;
      // The library behind `sandbox-runtime` asks short-lived programs of its own what is there; nobody can wait for those.
      if (options.sandbox === "sandbox-runtime") await expect.poll(() => below(process.pid), { message }).toEqual(before);
      else expect(below(process.pid), message).toEqual(before);
    }
  });

  it("ends with everything when its interpreter dies", async () => {
    const name = `codelet-orphan-${process.pid}-${options.sandbox}`;
    await using session = await openLocal(options);
    const { error, stateLost } = await run(session, `${family(name)}\nos._exit(3)`);
    expect([error?.name, stateLost]).toEqual(["SessionDied", true]);
    expect(error?.message).toContain("exit code 3");
    expect(await gone(name)).toBe(true);
  });

  it("names the signal that ended it", async () => {
    await using session = await openLocal(options);
    const { error } = await run(session, "import ctypes\nctypes.string_at(0)");
    expect(error?.message).toContain("signal SIGSEGV");
  });

  killedHostCase(options);

  it("is not opened when its signal is aborted before or while it starts", async () => {
    await expect(openLocal(options, { signal: AbortSignal.abort("no") })).rejects.toMatchObject({ code: "aborted" });
    const controller = new AbortController();
    const opening = openLocal(options, { signal: controller.signal });
    setTimeout(() => controller.abort("changed my mind"), 8);
    await expect(opening).rejects.toMatchObject({ code: "aborted", cause: "changed my mind" });
  });

  it("can be disposed of twice, and at once after a failure", async () => {
    const session = await openLocal(options);
    await run(session, "import os\nos._exit(0)");
    await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
    await session[Symbol.asyncDispose]();
  });
}

/** For root, which has control groups: here the session is of a user that has none. */
export function noControlGroupsCase(options: LocalExecutorOptions): void {
  it("ends what has left its process group", async () => {
    const name = `codelet-user-nap-${process.pid}`;
    await evaluateAsUser(family(name), options);
    expect(await gone(name)).toBe(true);
  });
}

export function killedHostCase(options: LocalExecutorOptions): void {
  it("does not outlive a host that is killed while it is busy", async () => {
    const name = `codelet-busy-${process.pid}-${options.sandbox}`;
    const host = await startHost(
      `import subprocess, sys\nsubprocess.Popen([sys.executable, "-c", "while True: pass", "${name}"])\nwhile True: pass`,
      options,
    );
    // The host is one of them: it has the code in its arguments.
    await expect.poll(() => processesNamed(name), { timeout: 5_000 }).toBe(2);
    host.kill("SIGKILL");
    expect(await gone(name)).toBe(true);
  });
}

/** Where nobody but the interpreter holds the worker's end of the frames. */
export function closedFramesCase(options: LocalExecutorOptions): void {
  it("is over when its interpreter closes every descriptor", async () => {
    await using session = await openLocal(options);
    const { error } = await run(session, "import os\nos.closerange(3, 4096)\nwhile True: pass", { timeoutMs: 10_000 });
    expect(error?.name).toBe("SessionDied");
    expect(await evaluate(session, "1 + 1")).toBe(2);
  });
}
