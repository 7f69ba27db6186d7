import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { SandboxManager } from "@anthropic-ai/sandbox-runtime";
import { describe, expect, it } from "vitest";
import { evaluate, evaluateOnce, openLocal, run } from "./testing/evaluate.ts";
import { lifetimeCases } from "./testing/lifetime-cases.ts";
import { limitCases } from "./testing/limit-cases.ts";
import { becomeOrdinaryUser } from "./testing/ordinary-user.ts";
import { evaluateWithDescriptors } from "./testing/other-host.ts";
import { attempts, listDescriptors } from "./testing/python-probes.ts";
import { whySandboxMissing } from "./testing/why-sandbox-missing.ts";

const options = { sandbox: "sandbox-runtime", python: "/usr/bin/python3" } as const;
const missing = becomeOrdinaryUser() ?? (await whySandboxMissing(options));
const isLinux = process.platform === "linux";
const secret = "canary-91d4";

const lookAround = `
import ctypes, os, socket
def attempt(act):
    try:
        return str(act())
    except OSError as error:
        return type(error).__name__
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
{
    "uid": os.getuid(),
    "capabilities": {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
    "noNewPrivileges": status["NoNewPrivs"].strip(),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": attempt(lambda: socket.create_connection(("127.0.0.1", 22), timeout=1)),
    "sockets": [attempt(lambda: socket.socket(family, socket.SOCK_STREAM)) for family in (socket.AF_UNIX, 40)],
    "newNamespace": ctypes.CDLL(None).unshare(0x10000000),
    "etc": [name for name in os.listdir("/etc") if name in ("passwd", "shadow", "hosts", "ssh")],
    "writes": [attempt(lambda: open(path, "w")) for path in ("/made", "/usr/made", "/usr/bin/made", "/proc/sys/kernel/core_pattern")],
}
`;

const enclosed = {
  uid: process.getuid?.(),
  noNewPrivileges: "1",
  processes: 2,
  interfaces: ["lo"],
  network: "ConnectionRefusedError",
  sockets: ["PermissionError", "PermissionError"],
  newNamespace: -1,
  etc: [],
  writes: ["OSError", "OSError", "OSError", "PermissionError"],
};

describe.skipIf(missing !== undefined || !isLinux)("the sandbox of @anthropic-ai/sandbox-runtime on Linux", () => {
  it("has no capabilities, no network, no processes but its own, and nothing of the system to write to", async () => {
    const seen = (await evaluateOnce(lookAround, options)) as Record<string, unknown>;
    expect(seen).toMatchObject(enclosed);
    expect(new Set(JSON.stringify(seen.capabilities).match(/[0-9a-f]{16}/g))).toEqual(new Set(["0000000000000000"]));
  });

  it("refuses what reaches past its namespaces: System V memory and queues, keyrings, hidden memory, other families of sockets", async () => {
    const code = `${attempts}
[
    attempt(lambda: call("shmget", 0x51, 4096, 0o1600)),
    attempt(lambda: call("msgget", 0x51, 0o1600)),
    attempt(lambda: call("ptrace", 0, 0, None, None)),
    attempt(lambda: os.memfd_create("hidden")),
    attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET)),
    attempt(lambda: socket.socketpair()),
    os.readlink("/proc/self/ns/ipc"),
    socket.gethostname(),
]`;
    const denied = "Operation not permitted";
    const seen = (await evaluateOnce(code, options)) as string[];
    expect(seen.slice(0, 6)).toEqual([denied, denied, denied, denied, "Address family not supported by protocol", "done"]);
    expect(seen[6]).not.toBe(readlinkSync("/proc/self/ns/ipc"));
    expect(seen[7]).toBe("sandbox");
  });

  it("keeps what code writes beside its folder to itself", async () => {
    const place = join(realpathSync(tmpdir()), `codelet-beside-${process.pid}`);
    const code = `open(${JSON.stringify(place)}, "w").write("x")\nopen(${JSON.stringify(place)}).read()`;
    expect(await evaluateOnce(code, options)).toBe("x");
    expect(existsSync(place)).toBe(false);
    await expect(evaluateOnce(`open(${JSON.stringify(place)}).read()`, options)).rejects.toThrow("FileNotFoundError");
  });

  it("does not have the folder that the package's manager opens to every command", async () => {
    const shared = "/tmp/claude";
    const isOurs = !existsSync(shared);
    if (isOurs) mkdirSync(shared);
    try {
      if (isOurs) writeFileSync(join(shared, "note"), secret);
      const code = `
import os
def attempt(act):
    try:
        return act()
    except OSError as error:
        return type(error).__name__
[attempt(lambda: os.listdir("${shared}")), attempt(lambda: open("${shared}/note").read()), attempt(lambda: open("${shared}/made-${process.pid}", "w").name)]`;
      const said = (await evaluateOnce(code, options)) as unknown[];
      expect(said.slice(0, 2)).not.toContainEqual(expect.stringContaining(secret));
      expect([[], "FileNotFoundError", "PermissionError"]).toContainEqual(said[0]);
      expect(readdirSync(shared)).not.toContain(`made-${process.pid}`);
    } finally {
      if (isOurs) rmSync(shared, { recursive: true, force: true });
    }
  });

  it.each(["links/current", "whole"])(
    "shows of an environment inside a project, reached by the link %s, its packages and nothing of the project",
    async (link) => {
      const project = mkdtempSync(join(tmpdir(), "codelet-project-"));
      try {
        writeFileSync(join(project, ".env"), secret);
        execFileSync(options.python, ["-m", "venv", "--without-pip", "--symlinks", join(project, "real")]);
        mkdirSync(join(project, "links"));
        symlinkSync(join(project, "real"), join(project, "links", "current"));
        symlinkSync(`../${basename(project)}`, join(project, "whole"));
        const prefix = join(project, link, ...(link === "whole" ? ["real"] : []));
        const python = join(prefix, "bin", "python");
        const site = execFileSync(python, ["-c", "import site; print(site.getsitepackages()[0])"], { encoding: "utf8" }).trim();
        writeFileSync(join(site, "installed_here.py"), "answer = 42");
        const places = JSON.stringify([join(project, ".env"), join(project, "whole", ".env")]);
        const code = `import installed_here, os, sys\n[installed_here.answer, sys.prefix, [os.path.exists(place) for place in ${places}]]`;
        expect(await evaluateOnce(code, { ...options, python })).toEqual([42, prefix, [false, false]]);
      } finally {
        rmSync(project, { recursive: true, force: true });
      }
    },
  );

  it("has a folder of the options' size, whose files the host never sees", async () => {
    await using session = await openLocal({ ...options, diskLimitBytes: 2 ** 20 });
    const fill =
      "import os\nopen('small', 'w').write('x')\ntry:\n    open('big', 'wb').write(bytes(3 * 2**20))\nexcept OSError as error:\n    said = error.strerror\n[said, os.getcwd()]";
    const [said, folder] = (await evaluate(session, fill)) as [string, string];
    expect(said).toBe("No space left on device");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("counts files in memory as memory, where the host watches it", async () => {
    await using session = await openLocal({ ...options, memoryLimitBytes: 128 * 2 ** 20 });
    const fill = `
import time
for number in range(64):
    with open(f"/etc/fill{number}", "wb") as file:
        file.write(bytes(4 * 2**20))
    time.sleep(0.02)`;
    const { error } = await run(session, fill, { timeoutMs: 20_000 });
    expect(error?.name).toBe("MemoryError");
  });

  it("has closed what the host inherited", async () => {
    const redirections = "5</etc/passwd 17</etc/passwd 100</etc 200</etc/passwd 201>>/dev/full 4000</";
    expect(await evaluateWithDescriptors(redirections, listDescriptors, options)).toEqual([[0, 1, 2, 800, 801, 802], []]);
  });

  it("ends at its timeout when its interpreter closes every descriptor: processes of the package hold the other ends", async () => {
    await using session = await openLocal(options);
    const { error } = await run(session, "import os\nos.closerange(3, 4096)\nwhile True: pass", { timeoutMs: 1_000 });
    expect(error?.name).toBe("TimeoutError");
    expect(await evaluate(session, "1 + 1")).toBe(2);
  });

  describe("a session", () => lifetimeCases(options));
  describe("limits", () => limitCases(options));
});

describe.skipIf(missing !== undefined)("sessions of @anthropic-ai/sandbox-runtime in one process", () => {
  it("have their own folder, variables and limits, whatever the others have", async () => {
    const names = ["weekly", "daily", "hourly"];
    const sessions = await Promise.all(
      names.map((REPORT, index) => openLocal({ ...options, env: { REPORT }, memoryLimitBytes: (index + 1) * 2 ** 27 })),
    );
    await using inBubblewrap = isLinux ? await openLocal({ python: options.python }) : undefined;
    try {
      const about =
        "import os, resource\nopen('mine', 'w').write(os.environ['REPORT'])\n[os.getcwd(), os.environ['REPORT'], resource.getrlimit(resource.RLIMIT_AS)[0]]";
      const seen = (await Promise.all(sessions.map((session) => evaluate(session, about)))) as [string, string, number][];
      expect(seen.map(([, report]) => report)).toEqual(names);
      if (isLinux) expect(seen.map(([, , limit]) => limit)).toEqual([2 ** 27, 2 ** 28, 3 * 2 ** 27]);
      const folders = seen.map(([folder]) => folder);
      expect(new Set(folders).size).toBe(3);
      const others = `import os\n[os.path.exists(os.path.join(folder, 'mine')) for folder in ${JSON.stringify(folders)}]`;
      for (const [index, session] of sessions.entries()) expect(await evaluate(session, others)).toEqual(names.map((_, other) => other === index));
      if (inBubblewrap !== undefined) expect(await evaluate(inBubblewrap, others)).toEqual([false, false, false]);
      await sessions[0]?.[Symbol.asyncDispose]();
      expect(await evaluate(sessions[1] as (typeof sessions)[number], "open('mine').read()")).toBe("daily");
      expect(SandboxManager.getConfig()).toBeUndefined();
    } finally {
      await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
    }
  });

  it("are not touched by what other code configures in the package for the whole process", async () => {
    // It can't be taken back: this stays the file's last test.
    SandboxManager.updateConfig({
      network: { allowedDomains: ["example.com"], deniedDomains: [], allowAllUnixSockets: true },
      filesystem: { denyRead: [], allowWrite: ["/tmp"], denyWrite: [] },
      enableWeakerNestedSandbox: true,
      allowNestedUserNamespaces: true,
    });
    if (isLinux) expect(await evaluateOnce(lookAround, options)).toMatchObject(enclosed);
    else await expect(evaluateOnce("import socket\nsocket.socket(socket.AF_UNIX)", options)).rejects.toThrow("PermissionError");
  });
});
