import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { explainStart, platformUnsupported, type SystemFacts } from "./start-diagnosis.ts";
import { openLocal } from "./testing/evaluate.ts";
import { sandboxMissing } from "./testing/sandbox-support.ts";
import { isRoot } from "./unprivileged-user.ts";

const ordinary: SystemFacts = { apparmorRestricted: false, unprivilegedAllowed: true, maxNamespaces: 100_000, seccomp: false, container: false };

describe("the cause of a sandbox that does not start", () => {
  const table: readonly { what: string; stderr: string; facts: Partial<SystemFacts>; expected: RegExp }[] = [
    {
      what: "AppArmor, as on Ubuntu 24.04",
      stderr: "bwrap: setting up uid map: Permission denied\n",
      facts: { apparmorRestricted: true },
      expected: /AppArmor denies user namespaces.*\/etc\/apparmor\.d\/bwrap.*apparmor_restrict_unprivileged_userns=0/,
    },
    {
      what: "AppArmor, seen at the loopback interface",
      stderr: "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted\n",
      facts: { apparmorRestricted: true },
      expected: /AppArmor denies user namespaces/,
    },
    {
      what: "Debian's switch",
      stderr: "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.\n",
      facts: { unprivilegedAllowed: false },
      expected: /kernel\.unprivileged_userns_clone is 0.*sysctl kernel\.unprivileged_userns_clone=1/,
    },
    {
      what: "no namespaces left to make",
      stderr: "bwrap: Creating new namespace failed: No space left on device\n",
      facts: { maxNamespaces: 0 },
      expected: /user\.max_user_namespaces is 0.*sysctl user\.max_user_namespaces=10000/,
    },
    {
      what: "a container's seccomp filter",
      stderr: "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.\n",
      facts: { seccomp: true, container: true },
      expected: /this container does not let programs make user namespaces.*--security-opt seccomp=unconfined/,
    },
    {
      what: "a container's masked /proc",
      stderr: "bwrap: Can't mount proc on /newroot/proc: Operation not permitted\n",
      facts: { container: true },
      expected: /a masked \/proc.*--security-opt systempaths=unconfined/,
    },
    {
      what: "a bubblewrap that is too old",
      stderr: "bwrap: Unknown option --disable-userns\n",
      facts: {},
      expected: /does not know --disable-userns; 0\.8\.0 or newer is needed/,
    },
    {
      what: "something else, in bubblewrap's words",
      stderr: "bwrap: execvp /x: No such file or directory\n",
      facts: {},
      expected: /bubblewrap said "bwrap: execvp \/x: No such file or directory" \(exit code 1\)/,
    },
    {
      what: "Python, not bubblewrap",
      stderr: "Fatal Python error: init_fs_encoding\nModuleNotFoundError: No module named 'encodings'\n",
      facts: { apparmorRestricted: true },
      expected: /the Python at \/p\/python3 ended before it was ready \(exit code 1\) and said "ModuleNotFoundError/,
    },
  ];
  for (const { what, stderr, facts, expected } of table) {
    it(`is named: ${what}`, () => {
      const error = explainStart({ reason: "exit code 1", stderr, python: "/p/python3", sandbox: "required" }, { ...ordinary, ...facts });
      expect(error.code).toBe("configuration");
      expect(error.message).toMatch(expected);
      expect(error.message).toMatch(/@codelet\/executor-wasm.*`sandbox: "none"`: it then has all of your rights/);
    });
  }

  it("is the platform where there is no sandbox for it", () => {
    expect(platformUnsupported("linux", "required")).toBeUndefined();
    for (const sandbox of ["sandbox-runtime", "none"] as const) {
      expect(platformUnsupported("linux", sandbox)).toBeUndefined();
      expect(platformUnsupported("darwin", sandbox)).toBeUndefined();
    }
    expect(platformUnsupported("darwin", "required")?.message).toMatch(
      /bubblewrap is there for Linux only\. Use `sandbox: "sandbox-runtime"` \(npm install .*\), or @codelet\/executor-wasm; .*`sandbox: "none"`/,
    );
  });

  it.each(["required", "sandbox-runtime", "none"] as const)("is Windows, with what to do there instead, also with %s", (sandbox) => {
    const error = platformUnsupported("win32", sandbox);
    expect(error?.code).toBe("configuration");
    expect(error?.message).toBe(
      `The local executor can't run on win32 with \`sandbox: "${sandbox}"\`: it runs on Linux and macOS only, with a sandbox or without: on Windows it can neither ` +
        "enclose a Python nor end all that one has started. Use @codelet/executor-wasm, which brings its own Python and isolates it, or @codelet/executor-docker for " +
        "packages that need a real one. In WSL 2 the local executor runs as on Linux.",
    );
  });

  it.skipIf(!isRoot())("is root, for a sandbox that leaves code its user", async () => {
    await expect(openLocal({ sandbox: "sandbox-runtime" })).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/does not run as root.*ordinary user or, on Linux, use `sandbox: "required"`/),
    });
  });
});

describe.skipIf(process.platform !== "linux")("opening with a bubblewrap that fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "codelet-bwrap-"));
  chmodSync(folder, 0o755); // Root starts bwrap as an unprivileged user.
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function bwrap(script: string): void {
    writeFileSync(join(folder, "bwrap"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bwrap"), 0o755);
    process.env.PATH = `${folder}:${path}`;
  }

  it("says what bubblewrap said", async () => {
    bwrap("echo 'bwrap: Failed to make / slave: Bad luck' >&2; exit 1");
    await expect(openLocal()).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining('bubblewrap said "bwrap: Failed to make / slave: Bad luck" (exit code 1)'),
    });
  });

  it.skipIf(sandboxMissing !== undefined)("starts it again after another program's mount has gone away under it", async () => {
    const marker = join(mkdtempSync(join(tmpdir(), "codelet-bwrap-seen-")), "seen");
    chmodSync(dirname(marker), 0o777);
    const race = `bwrap: Can't bind mount /oldroot/ on /newroot/: Unable to apply mount flags: remount "/newroot/var/merged": Invalid argument`;
    const real = execFileSync("sh", ["-c", "command -v bwrap"], { encoding: "utf8", env: { ...process.env, PATH: path } }).trim();
    bwrap(`[ -e ${marker} ] && exec ${real} "$@"\n: > ${marker}\necho '${race.replaceAll("'", "'\\''")}' >&2; exit 1`);
    const session = await openLocal();
    await session[Symbol.asyncDispose]();
    expect(existsSync(marker)).toBe(true);
    rmSync(dirname(marker), { recursive: true });
  });

  it("blames nobody alone when nothing is said", async () => {
    bwrap("exit 3");
    const message =
      /bubblewrap, or the Python at \S+ in it, ended before it was ready \(exit code 3\) and left no message\. `bwrap .*` shows whether/;
    await expect(openLocal()).rejects.toThrow(message);
  });

  it("blames bubblewrap when a signal ended it", async () => {
    bwrap("kill -KILL $$");
    await expect(openLocal()).rejects.toThrow(/: bubblewrap was ended by SIGKILL before it was ready\./);
  });

  it("says that bubblewrap is too old", async () => {
    bwrap("echo 'bwrap: Unknown option --disable-userns' >&2; exit 1");
    await expect(openLocal()).rejects.toThrow("does not know --disable-userns; 0.8.0 or newer is needed");
  });

  it("refuses what answers in bubblewrap's place", async () => {
    bwrap("echo 'hello' >&3; sleep 60");
    await expect(openLocal()).rejects.toThrow("ended before it was ready (unknown first words)");
  });
});
