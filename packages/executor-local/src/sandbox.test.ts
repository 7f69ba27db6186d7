import { execFileSync } from "node:child_process";
import { accessSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childrenOf, innermostChild } from "./process-tree.ts";
import { evaluateOnce, openLocal } from "./testing/evaluate.ts";
import { evaluateAsUser, evaluateInPidNamespace } from "./testing/other-host.ts";
import { attempts } from "./testing/python-probes.ts";
import { canMakePidNamespace, sandboxMissing, systemPython } from "./testing/sandbox-support.ts";
import { isRoot } from "./unprivileged-user.ts";

const secret = "canary-6f2c";

/** What code in the sandbox is and can do, in one look. */
const lookAround = `
import ctypes, os, socket
def attempt(act):
    try:
        return str(act())
    except OSError as error:
        return type(error).__name__
def connect():
    return socket.create_connection(("127.0.0.1", 22), timeout=1)
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
{
    "uid": os.getuid(),
    "capabilities": {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
    "noNewPrivileges": status["NoNewPrivs"].strip(),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": attempt(connect),
    "host": socket.gethostname(),
    "folders": sorted(os.listdir("/")),
    "etc": [name for name in os.listdir("/etc") if name in ("passwd", "shadow", "hostname", "ssh")],
    "newNamespace": ctypes.CDLL(None).unshare(0x10000000),
    "writes": [attempt(lambda: open(path, "w")) for path in ("/made", "/usr/made", "/dev/made", "/proc/sys/kernel/core_pattern")],
    "folder": [os.getcwd(), os.environ["HOME"], os.environ["TMPDIR"], os.listdir(".")],
    "variables": sorted(os.environ),
}
`;

const enclosed = {
  uid: 65_534,
  noNewPrivileges: "1",
  processes: 2,
  interfaces: ["lo"],
  host: "sandbox",
  etc: [],
  newNamespace: -1,
  folder: ["/tmp/session", "/tmp/session", "/tmp/session", []],
};

const readOnly = ["OSError", "OSError", "OSError", "PermissionError"];

if (!isRoot()) console.info("SKIPPED: what root's sandbox takes from root: these tests don't run as root");

describe.skipIf(sandboxMissing !== undefined)("the sandbox", () => {
  it("has no capabilities, no network, no processes but its own, and nothing of the system to write to", async () => {
    const seen = (await evaluateOnce(lookAround)) as Record<string, unknown>;
    expect(seen).toMatchObject({ ...enclosed, network: "ConnectionRefusedError", writes: readOnly });
    expect(JSON.stringify(seen.capabilities)).toContain('"0000000000000000"');
    expect(JSON.stringify(seen.capabilities).match(/[0-9a-f]{16}/g)).toHaveLength(1);
    expect(seen.folders).not.toContain("home");
  });

  it("shares no namespace with the host", async () => {
    const names = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];
    const inside = await evaluateOnce(`import os\n[os.readlink("/proc/self/ns/" + name) for name in ${JSON.stringify(names)}]`);
    const outside = names.map((name) => readlinkSync(`/proc/self/ns/${name}`));
    expect((inside as string[]).filter((namespace) => outside.includes(namespace))).toEqual([]);
  });

  it.skipIf(!isRoot())("is no process of root's to the system, wherever the interpreter of root is", async () => {
    const nobody = Array(4).fill("65534").join("\t");
    for (const python of ["python3", systemPython]) {
      await using _ = await openLocal({ python });
      const [outermost = 0] = childrenOf(process.pid).slice(-1);
      const status = readFileSync(`/proc/${innermostChild(outermost)}/status`, "latin1").split("\n");
      const ids = (name: string): string | undefined => status.find((line) => line.startsWith(`${name}:`))?.replace(/^\w+:\s*/, "");
      expect([ids("Uid"), ids("Gid"), ids("Groups")]).toEqual([nobody, nobody, ""]);
    }
  });

  it("can write where its folder is and in shared memory, as much as each may hold, and nowhere else", async () => {
    const code = `
import os
def is_writable(folder):
    try:
        open(os.path.join(folder, "made"), "w").close()
        return True
    except OSError:
        return False
def size(folder):
    return os.statvfs(folder).f_blocks * os.statvfs(folder).f_frsize
[[target, size(target)] for target in (line.split()[1] for line in open("/proc/self/mounts")) if is_writable(target)]`;
    expect(await evaluateOnce(code, { diskLimitBytes: 2 ** 20 })).toEqual([
      ["/dev/shm", 64 * 2 ** 20],
      ["/tmp", 2 ** 20],
    ]);
  });

  it("holds the environment that the options name, and nothing of the host's", async () => {
    process.env.CODELET_TEST_SECRET = secret;
    try {
      const variables = await evaluateOnce("import os\ndict(os.environ)", { env: { REPORT: "weekly", HOME: "/elsewhere" } });
      expect(variables).toMatchObject({ REPORT: "weekly", HOME: "/tmp/session", LANG: "C.UTF-8" });
      expect(JSON.stringify(variables)).not.toContain(secret);
    } finally {
      delete process.env.CODELET_TEST_SECRET;
    }
  });

  it("has a name for its user, which libraries ask for", async () => {
    expect(await evaluateOnce("import getpass\ngetpass.getuser()")).toBe("sandbox");
    expect(await evaluateOnce("import getpass\ngetpass.getuser()", { env: { USER: "analyst" } })).toBe("analyst");
  });

  it("finds its own servers by the name localhost, and sees no name that the host knows", async () => {
    const code = `
import http.server, threading, urllib.request
server = http.server.HTTPServer(("localhost", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.handle_request).start()
status = urllib.request.urlopen(f"http://localhost:{server.server_port}/").status
[status, open("/etc/hosts").read().split()]`;
    expect(await evaluateOnce(code)).toEqual([200, ["127.0.0.1", "localhost", "sandbox"]]);
  });

  it("has the system's tables of kinds of files, of services and of whom to trust", async () => {
    const code = `
import mimetypes, socket, ssl
def attempt(act):
    try:
        return act()
    except OSError as error:
        return str(error)
[mimetypes.guess_type("table.xlsx")[0], attempt(lambda: socket.getservbyname("https")), len(ssl.create_default_context().get_ca_certs())]`;
    expect(await evaluateOnce(code)).toEqual(await evaluateOnce(code, { sandbox: "none" }));
  });

  it("opens no more files than most systems let a process, however many its host may", async () => {
    const code = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (900, 1024))\nlist(resource.getrlimit(resource.RLIMIT_NOFILE))";
    expect(await evaluateOnce(code)).toEqual([900, 1024]);
    await expect(evaluateOnce(code.replace("1024", "1025"))).rejects.toThrow("not allowed to raise maximum limit");
  });

  it("lets no socket have more under way than the system gives each", async () => {
    const code = `
import socket
one, other = socket.socketpair()
def asked(option):
    before = one.getsockopt(socket.SOL_SOCKET, option)
    one.setsockopt(socket.SOL_SOCKET, option, 2**17)
    return one.getsockopt(socket.SOL_SOCKET, option) == before
[asked(socket.SO_SNDBUF), asked(socket.SO_RCVBUF), asked(socket.SO_KEEPALIVE)]`;
    expect(await evaluateOnce(code)).toEqual([true, true, false]);
  });

  it("leaves no image of its memory when it crashes", async () => {
    expect(await evaluateOnce("import resource\nlist(resource.getrlimit(resource.RLIMIT_CORE))")).toEqual([0, 0]);
  });

  it("fixes the order of sets by the run's seed", async () => {
    const order = (seed: string): Promise<unknown> => evaluateOnce("hash('a')", {}, { seed });
    expect(await order("one")).toBe(await order("one"));
    expect(await order("one")).not.toBe(await order("two"));
  });

  it("shows of an environment inside a project its packages, and nothing of the project", async () => {
    const project = mkdtempSync(join(homedir(), ".codelet-test-"));
    try {
      writeFileSync(join(project, ".env"), secret);
      execFileSync("python3", ["-m", "venv", "--without-pip", "--symlinks", join(project, "real")]);
      mkdirSync(join(project, "links"));
      symlinkSync(join(project, "real"), join(project, "links", "current"));
      const python = join(project, "links", "current", "bin", "python");
      const site = execFileSync(python, ["-c", "import site; print(site.getsitepackages()[0])"], { encoding: "utf8" }).trim();
      writeFileSync(join(site, "installed_here.py"), "answer = 42");
      writeFileSync(join(project, "real", ".env"), secret); // of a project that is its own environment
      const secrets = JSON.stringify([join(project, ".env"), join(project, "real", ".env")]);
      const code = `import installed_here, os, sys\n[installed_here.answer, sys.prefix, os.listdir(${JSON.stringify(project)}), any(map(os.path.exists, ${secrets}))]`;
      const [answer, prefix, listing, isVisible] = (await evaluateOnce(code, { python })) as unknown[];
      expect([answer, prefix, isVisible]).toEqual([42, join(project, "links", "current"), false]);
      expect(listing).not.toContain(".env");
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });

  it("gives subprocesses of the same interpreter the same view", async () => {
    const code =
      "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import os; print(os.getcwd(), os.getuid())'], capture_output=True, text=True).stdout";
    expect(await evaluateOnce(code)).toBe("/tmp/session 65534\n");
  });

  it("runs locks, processes and pools of multiprocessing", async () => {
    const code =
      "from multiprocessing import get_context\nwith get_context('fork').Pool(2) as pool:\n    squares = pool.map(abs, [-1, -2, -3])\nsquares";
    expect(await evaluateOnce(code)).toEqual([1, 2, 3]);
  });

  it("starts interpreters as python3 starts, where a library starts one with the flags of its own", async () => {
    const code = `
import subprocess, sys
from multiprocessing import get_context
open("beside.py", "w").write("")
again = [sys.executable, *subprocess._args_from_interpreter_flags(), "-c", "import sys, beside; print(sys.flags.no_site)"]
with get_context("spawn").Pool(1) as pool:
    spawned = pool.apply(eval, ("__import__('sys').flags.no_site",))
[spawned, subprocess.run(again, capture_output=True, text=True).stdout]`;
    expect(await evaluateOnce(code)).toEqual([0, "0\n"]);
  });

  it("keeps the namespace's first process, which ends with the host, out of reach", async () => {
    const code = `${attempts}
def descriptor_of(pid):
    call("syscall", 438, libc.syscall(434, pid, 0), 0, 0)
paths = ("/proc/1/mem", "/proc/1/task/1/mem", "/proc/1/root", "/proc/1/fd")
[attempt(lambda: os.open(path, os.O_RDWR if path.endswith("mem") else os.O_RDONLY)) for path in paths] + [attempt(lambda: descriptor_of(1))]`;
    const missing = "No such file or directory";
    expect(await evaluateOnce(code)).toEqual([missing, missing, missing, missing, "Operation not permitted"]);
  });

  it.skipIf(!canMakePidNamespace)("starts in a container, whose view of processes has other numbers than the sandbox's", async () => {
    expect(await evaluateInPidNamespace("1 + 1")).toBe(2);
  });

  it.skipIf(systemPython === undefined)("imports the system's packages where they are installed", async () => {
    const code = "import importlib.util\n[name for name in ('numpy', 'pandas', 'PIL') if importlib.util.find_spec(name)]";
    const python = systemPython as string;
    for (const name of (await evaluateOnce(code, { python })) as string[]) {
      expect(await evaluateOnce(`import ${name}\n${name}.__name__`, { python })).toBe(name);
    }
  });
});

describe.skipIf(sandboxMissing !== undefined || !isRoot() || systemPython === undefined)("the sandbox of an ordinary user", () => {
  let reachable = true;
  beforeAll(() => {
    // Node and this checkout may lie in root's home.
    reachable = [process.execPath, new URL(import.meta.url).pathname].every((path) => !path.startsWith(`${homedir()}/`));
    accessSync(process.execPath);
  });
  afterAll(() => {
    if (!reachable) console.info("SKIPPED: the sandbox of an ordinary user: Node or this checkout lies in root's home");
  });

  it("is as tight as root's", async ({ skip }) => {
    if (!reachable) skip("Node or this checkout lies in root's home");
    const seen = await evaluateAsUser(lookAround, { python: systemPython });
    expect(seen).toMatchObject({ ...enclosed, network: "ConnectionRefusedError", writes: readOnly });
  });
});
