import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorSession } from "@codelet/core";
import { driveStep } from "@codelet/executor-contract";
import { afterEach, describe, expect, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import type { DockerExecutorOptions } from "./options.ts";
import { containerOf, containers, docker, engineMissing, onPodman, testOptions } from "./testing/engine.ts";

const sessions: ExecutorSession[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session[Symbol.asyncDispose]()));
});

async function open(options: DockerExecutorOptions = {}): Promise<ExecutorSession> {
  const session = await dockerExecutor({ ...testOptions, ...options }).open();
  sessions.push(session);
  return session;
}

async function isRunning(session: ExecutorSession): Promise<boolean> {
  return (await docker.getContainer(await containerOf(session)).inspect()).State.Running;
}

const cycles = process.env.CODELET_FULL === "1" ? 200 : 8;

const lookAround = `
import os, socket
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
def outcome(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"
{
    "user": [os.getuid(), os.getgid(), os.getgroups()],
    "capabilities": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "privileges": [status["NoNewPrivs"].strip(), status["Seccomp"].strip()],
    "root": outcome(lambda: open("/etc/motd", "w")),
    "library": outcome(lambda: open(os.__file__, "a")),
    "folder": [os.getcwd(), outcome(lambda: open("here", "w")), outcome(lambda: open("/tmp/there", "w"))],
    "interfaces": os.listdir("/sys/class/net"),
    "connection": outcome(lambda: socket.create_connection(("1.1.1.1", 80), 2)),
    "name": outcome(lambda: socket.getaddrinfo("example.com", 80)),
    "sockets": [path for path in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(path)],
    "variables": sorted(os.environ),
}
`;

describe.skipIf(engineMissing !== undefined)("a container", () => {
  it("gives code no rights, no network and no place to write but its own", async () => {
    const { execution } = await driveStep(await open({ env: { REPORT: "weekly" } }), lookAround);
    expect(execution.value).toEqual({
      user: [1000, 1000, [1000]],
      capabilities: Array(5).fill("0".repeat(16)),
      privileges: ["1", "2"],
      root: "OSError",
      library: "PermissionError",
      folder: [onPodman ? "/tmp" : "/work", "done", "done"],
      interfaces: ["lo"],
      connection: "OSError",
      name: "gaierror",
      sockets: [],
      variables: expect.arrayContaining(["HOME", "LANG", "PATH", "REPORT", "TMPDIR"]),
    });
    const own = ["HOME", "HOSTNAME", "LANG", "MALLOC_ARENA_MAX", "MPLBACKEND", "PATH", "REPORT", "TMPDIR"];
    const ofImage = (name: string): boolean => /^(PYTHON|GPG_KEY$)/.test(name) || (onPodman && /^(TERM|container)$/.test(name));
    expect((execution.value as { variables: string[] }).variables.filter((name) => !own.includes(name) && !ofImage(name))).toEqual([]);
  });

  it("is held to its limits by the engine, which keeps no copy of what it writes", async () => {
    const session = await open({ memoryLimitBytes: 128 * 2 ** 20, maxProcesses: 40, cpus: 0.5 });
    const { execution } = await driveStep(session, "import resource\nprint('said')\nlist(resource.getrlimit(resource.RLIMIT_CORE))");
    if (!onPodman) expect(execution.value).toEqual([0, 0]);
    const container = docker.getContainer(await containerOf(session));
    const limits = { Memory: 128 * 2 ** 20, MemorySwap: 128 * 2 ** 20, PidsLimit: 40, NanoCpus: 5e8 };
    expect((await container.inspect()).HostConfig).toMatchObject(limits);
    const logs = await container.logs({ stdout: true, stderr: true }).catch(() => "");
    expect(String(logs)).toBe("");
  });

  it("lets code neither speak for the supervisor nor to it", async () => {
    const reach = `
import os
outcomes = []
for path in ["environ", "mem", *("fd/%d" % number for number in range(10))]:
    try:
        os.close(os.open("/proc/1/" + path, os.O_RDWR))
        outcomes.append(path)
    except (PermissionError, FileNotFoundError):
        pass
outcomes`;
    expect((await driveStep(await open(), reach)).execution.value).toEqual([]);
  });

  it("tells code that its folders are full, and goes on", async () => {
    const session = await open();
    const fill = `
def fill(folder):
    size = 0
    try:
        with open(folder + "/full", "wb", buffering=0) as file:
            while True:
                size += file.write(bytes(2**20))
    except OSError as error:
        return [size, error.strerror]
[fill("${onPodman ? "/tmp" : "/work"}"), fill("/tmp"), len(bytes(100 * 2**20))]`;
    const { execution } = await driveStep(session, fill);
    expect(execution).toMatchObject({ stateLost: false, error: undefined });
    const full = [128 * 2 ** 20, "No space left on device"];
    expect(execution.value).toEqual([full, onPodman ? expect.anything() : full, 100 * 2 ** 20]);
  });

  it("outlives a memory bomb, which costs the code its variables", async () => {
    const session = await open({ memoryLimitBytes: 128 * 2 ** 20 });
    await driveStep(session, "keep = 1");
    const { execution } = await driveStep(session, "block = bytearray(10**9)\nlen(block)");
    expect([execution.error?.name, execution.stateLost]).toEqual(["MemoryError", true]);
    expect(await isRunning(session)).toBe(true);
    expect((await driveStep(session, "'keep' in globals()")).execution.value).toBe(false);
  });

  it("outlives a fork bomb", { timeout: 60_000 }, async () => {
    const session = await open({ maxProcesses: 40 });
    const bomb =
      "import os\nfor _ in range(200):\n    try:\n        if os.fork() == 0:\n            os.setsid()\n            while True: pass\n    except OSError:\n        break\nwhile True: pass";
    const { execution } = await driveStep(session, bomb, { timeoutMs: 1_500 });
    expect(execution.error?.name).toBe("TimeoutError");
    expect(await isRunning(session)).toBe(true);
    await sleep(4_000); // what computes on between two steps is ended, once it gets half a processor
    const start = "import subprocess\nsubprocess.run(['/bin/echo', 'alive'], capture_output=True, text=True).stdout";
    const value = async (): Promise<unknown> => (await driveStep(session, start)).execution.value;
    await expect.poll(value, { timeout: 40_000, interval: 4_000 }).toBe("alive\n");
  });

  it("outlives code that signals all that it can, and ends at once when its engine is told to stop it", async () => {
    const session = await open();
    const code =
      "import os, signal, time\nfor number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):\n    os.kill(1, number)\ntime.sleep(0.3)\nkeep = 1";
    expect((await driveStep(session, code)).execution).toMatchObject({ error: undefined, stateLost: false });
    expect((await driveStep(session, "keep")).execution.value).toBe(1);
    const startedAt = performance.now();
    await docker.getContainer(await containerOf(session)).stop();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it("ends what code has left behind when its interpreter is replaced", async () => {
    const session = await open();
    const daemon =
      "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time\n        time.sleep(600)\n    os._exit(0)\nos.wait()\nNone";
    await driveStep(session, daemon);
    await driveStep(session, "import os\nos._exit(1)");
    const { execution } = await driveStep(
      session,
      "import os\nsorted(int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid()))",
    );
    expect(execution.value).toEqual([]);
  });

  it("shows what is mounted, read-only unless it says otherwise", async () => {
    const folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
    try {
      chmodSync(folder, 0o777);
      writeFileSync(join(folder, "data.txt"), "data");
      const session = await open({ mounts: [{ source: folder, target: "/data" }] });
      const { execution } = await driveStep(
        session,
        "text = open('/data/data.txt').read()\ntry:\n    open('/data/new', 'w')\nexcept OSError as error:\n    text += ' ' + type(error).__name__\ntext",
      );
      expect(execution.value).toBe("data OSError");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it(
    "is gone with its session, however many there were",
    async () => {
      const own = { orphanTimeoutMs: 654_321 }; // tells them from those of tests that run beside
      for (let count = 0; count < cycles; count += 4) {
        const opened = await Promise.all([open(own), open(own), open(own), open(own)]);
        expect(await containers(docker, own.orphanTimeoutMs)).toHaveLength(4);
        const steps = await Promise.all(opened.map((session) => driveStep(session, "1 + 1")));
        expect(steps.map(({ execution }) => execution.value)).toEqual([2, 2, 2, 2]);
        await Promise.all(sessions.splice(0).map((session) => session[Symbol.asyncDispose]()));
      }
      expect(await containers(docker, own.orphanTimeoutMs)).toEqual([]);
    },
    30_000 + cycles * 2_000,
  );
});
