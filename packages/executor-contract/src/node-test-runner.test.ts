import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { contractCaseNames } from "./executor-contract.ts";

const sources = fileURLToPath(new URL(".", import.meta.url));

it("runs under node:test as well, and reports skips and failures there", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "codelet-contract-"));
  const file = path.join(folder, "contract.test.mjs");
  writeFileSync(
    file,
    `import { describe, it } from "node:test";
     import { executorContract } from ${JSON.stringify(`${sources}executor-contract.ts`)};
     import { unsafeExecutor } from ${JSON.stringify(`${sources}unsafe-executor.ts`)};
     const deviations = [{ case: "values: no such case", reason: "https://example.org", instead: async () => {} }];
     executorContract({ it, describe, create: unsafeExecutor, groups: ["manifest", "recovery"], deviations });`,
  );
  try {
    const { stdout } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { encoding: "utf8" });
    expect(stdout).toMatch(/# pass 5\n/);
    expect(stdout).toMatch(/# fail 1\n/);
    const recoveries = contractCaseNames().filter((name) => name.startsWith("recovery: "));
    expect(stdout).toContain(`# skipped ${recoveries.length}\n`);
    expect(stdout).toContain("SKIP capabilities.recovery.snapshot is false");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
