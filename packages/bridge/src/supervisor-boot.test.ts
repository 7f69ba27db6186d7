import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { maxSendChars } from "./carrier.ts";
import { shellCommand, supervisorBoot } from "./supervisor-boot.ts";

const isWindows = process.platform === "win32";
if (isWindows) console.log("SKIPPED orphaned supervisors: Windows has no alarm signal");

if (isWindows) console.log("SKIPPED supervisors: they run on POSIX systems only");

it("is sent at once: as much as providers take", () => {
  expect(supervisorBoot().input.length).toBeLessThan(maxSendChars);
});

describe.skipIf(isWindows)("a supervisor that is started", () => {
  it.each([
    ["nothing", ""],
    ["its first half", supervisorBoot().input.slice(0, 1_000)],
  ])("ends as an orphan when its host has sent %s and is gone", async (_, input) => {
    const { argv } = supervisorBoot({ orphanTimeoutMs: 300 });
    const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["pipe", "ignore", "inherit"] });
    try {
      child.stdin.write(input); // and stays open: a container's stdin does
      const [code] = await once(child, "exit", { signal: AbortSignal.timeout(5_000) });
      expect(code).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("says that an interpreter is too old", async () => {
    const folder = mkdtempSync(join(tmpdir(), "codelet-old-"));
    const python = join(folder, "python3");
    const pretend = 'import sys\nsys.version_info, sys.version = (3, 7, 16), "3.7.16 (default)"\nexec(sys.argv[3], {"__name__": "__main__"})\n';
    writeFileSync(python, `#!/usr/bin/env python3\n${pretend}`, { mode: 0o755 });
    try {
      const { argv } = supervisorBoot({ python });
      const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["pipe", "ignore", "pipe"] });
      child.stderr.setEncoding("utf8");
      expect((await child.stderr.toArray()).join("")).toBe("codelet needs Python 3.9 or newer, and this one is 3.7.16\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("keeps each part of a command one word of the shell", () => {
  expect(shellCommand(["a b", "it's", "$(id)", "x\ny"])).toBe("'a b' 'it'\\''s' '$(id)' 'x\ny'");
});
