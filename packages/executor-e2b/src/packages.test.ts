import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CodeletError } from "@codelet/core";
import { driveStep } from "@codelet/executor-contract";
import type { E2bServer } from "@codelet/local-e2b";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import { startLocalService } from "./testing/local-service.ts";

const python = process.env.CODELET_TEST_PYTHON ?? "/usr/bin/python3";
const hasPip = spawnSync(python, ["-m", "pip", "--version"]).status === 0;
if (!hasPip) console.info(`SKIPPED: packages at open, since ${python} has no pip.`);

const folder = mkdtempSync(path.join(tmpdir(), "codelet-packages-"));
const wheel = `
import sys, zipfile
info = "codelet_example-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1] + "/codelet_example-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("codelet_example.py", "answer = 42\\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: codelet-example\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

describe.skipIf(!hasPip)("packages", () => {
  const paths: string[] = [];
  let server: E2bServer;

  beforeAll(async () => {
    spawnSync(python, ["-c", wheel, folder], { stdio: "inherit" });
    const target = path.join(folder, "installed");
    const environment = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: folder, PIP_TARGET: target, PIP_BREAK_SYSTEM_PACKAGES: "1", PYTHONPATH: target };
    server = await startLocalService({ python, environment, onRequest: ({ method, path }) => paths.push(`${method} ${path}`) });
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("are there when a session opens, and the internet that brought them isn't", async () => {
    const progress: string[] = [];
    const executor = e2bExecutor({ packages: ["codelet-example==1.0"] });
    expect(executor.capabilities).toMatchObject({ packages: "installed", network: "none" });
    const session = await executor.open({ onProgress: (message) => progress.push(message) });
    expect((await driveStep(session, "import codelet_example\ncodelet_example.answer")).execution.value).toBe(42);
    expect(progress).toEqual(["installing codelet-example==1.0"]);
    const [sandbox] = server.sandboxes.values();
    expect(sandbox?.allowInternetAccess).toBe(false);
    expect(sandbox?.endsAt.getTime()).toBeLessThan(Date.now() + 301_000);
    const steps = paths.map((step) => step.replace(sandbox?.id ?? "", "ID"));
    expect(steps.slice(0, 4)).toEqual([
      "POST /v2/sandboxes",
      "POST /process.Process/Start",
      "PUT /sandboxes/ID/network",
      "POST /sandboxes/ID/timeout",
    ]);
    await session[Symbol.asyncDispose]();
  });

  it("that can't be installed are said, and leave no sandbox", async () => {
    const error = await e2bExecutor({ packages: ["codelet-missing"] })
      .open()
      .catch((thrown: unknown) => thrown);
    expect(CodeletError.isInstance(error, "configuration")).toBe(true);
    expect(String(error)).toMatch(/pip could not install codelet-missing: .*codelet-missing.*\. Check `packages`/);
    expect(server.sandboxes.size).toBe(0);
  });

  it("leave no sandbox when the internet can't be taken away", async () => {
    server.faults.respond(500, { path: "/sandboxes/" });
    await expect(e2bExecutor({ packages: ["codelet-example"] }).open()).rejects.toMatchObject({ code: "executor-crashed" });
    expect(server.sandboxes.size).toBe(0);
  });

  it("are refused when they are no names", () => {
    for (const name of ["-r x", "a; rm", "./local", "https://example.org/x.whl"]) expect(() => e2bExecutor({ packages: [name] })).toThrow(TypeError);
  });
});
