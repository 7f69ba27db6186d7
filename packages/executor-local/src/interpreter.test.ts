import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeInterpreter } from "./interpreter.ts";

const folder = mkdtempSync(join(tmpdir(), "codelet-interpreter-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A real executable that stands for a broken or old Python. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("describeInterpreter", () => {
  it("tells the real executable, its version, prefixes and path, and brings the runner compiled", async () => {
    const interpreter = await describeInterpreter("python3");
    expect(interpreter.executable).toMatch(/^\//);
    expect(interpreter.version[0]).toBe(3);
    expect(interpreter.prefixes).toContain(interpreter.prefix);
    expect(interpreter.path.some((entry) => entry.endsWith("/lib-dynload"))).toBe(true);
    expect(interpreter.runner.byteLength).toBeGreaterThan(10_000);
  });

  it("asks once per process", () => {
    expect(describeInterpreter("python3")).toBe(describeInterpreter("python3"));
  });

  it("keeps variables of the host's Python out of its answer", async () => {
    process.env.PYTHONPATH = folder;
    try {
      const { path } = await describeInterpreter(program("own-python", 'exec python3 "$@"'));
      expect(path).not.toContain(folder);
    } finally {
      delete process.env.PYTHONPATH;
    }
  });

  it("names what to do when there is no Python", async () => {
    await expect(describeInterpreter("python-that-is-nowhere")).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/No Python found as `python-that-is-nowhere`.*apt install python3.*@codelet\/executor-wasm/),
    });
    await expect(describeInterpreter("/nowhere/python3")).rejects.toThrow("No Python found as `/nowhere/python3`");
  });

  it("refuses a Python older than 3.9, by its version", async () => {
    const old = program("old-python", `printf '{"version": [3, 8, 10]}' >&3`);
    await expect(describeInterpreter(old)).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/old-python is 3\.8\.10; @codelet\/executor-local needs 3\.9 or newer/),
      details: { python: old, version: "3.8.10" },
    });
  });

  it("says how a Python that does not run has failed, and asks it again next time", async () => {
    const broken = program("broken-python", "echo 'libpython3.so: cannot open shared object file' >&2; exit 127");
    await expect(describeInterpreter(broken)).rejects.toThrow(/does not run \(exit code 127\)\. libpython3\.so: cannot open/);
    program("broken-python", 'exec python3 "$@"');
    await expect(describeInterpreter(broken)).resolves.toMatchObject({ executable: expect.stringContaining("python") });
  });
});
