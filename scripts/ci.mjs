// Every check, then every test, then one honest line: `N passed, N failed`. Arguments go to Vitest.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startDockerEngine } from "./docker-engine.mjs";
import { startPodmanEngine } from "./podman-engine.mjs";
import { installSystemPackages } from "./system-packages.mjs";

const scratch = mkdtempSync(path.join(tmpdir(), "codelet-ci-"));
const tallyFile = path.join(scratch, "tally.json");
const failures = [];

const CHECKS = [
  ["build", "node", "scripts/build.mjs"],
  ["types, of the tests too", "turbo", "run", "typecheck"],
  ["lint and format", "biome", "check", "--error-on-warnings", "."],
  ["one version of each dependency", "sherif"],
  ["no unused files and dependencies", "knip", "--no-config-hints"],
  ["packages as a consumer sees them", "turbo", "run", "check:package"],
  ["size of core", "size-limit"],
];

installSystemPackages();
for (const [title, ...command] of CHECKS) check(title, command);
const stopEngines = [startDockerEngine(), startPodmanEngine()];
const signals = { SIGINT: 130, SIGTERM: 143 }; // Ctrl-C ends the tests, and then this
for (const [signal, status] of Object.entries(signals)) {
  process.once(signal, () => {
    for (const stop of stopEngines) stop();
    process.exit(status);
  });
}
const tally = runTests(process.argv.slice(2));
for (const stop of stopEngines) stop();
rmSync(scratch, { recursive: true, force: true });

for (const title of failures) console.log(`failed check: ${title}`);
if (tally.skipped > 0) console.log(`${tally.skipped} skipped`);
const failed = tally.failed + failures.length;
console.log(`${tally.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Shows a check's own output only when it fails. */
function check(title, command) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = run(command, ["ignore", "pipe", "pipe"]);
  const isGreen = status === 0;
  if (!isGreen) {
    failures.push(title);
    console.log(`${stdout}${stderr}`);
  }
  console.log(`${isGreen ? "ok" : "FAILED"}  ${title} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
}

function runTests(parameters) {
  const reporters = ["--reporter=default", "--reporter=./scripts/tally-reporter.mjs"];
  const { status } = run(["vitest", "run", ...reporters, ...parameters], ["ignore", "inherit", "inherit"]);
  let counted = { passed: 0, failed: 1, skipped: 0 }; // no tally: the runner died before its end
  try {
    counted = JSON.parse(readFileSync(tallyFile, "utf8"));
  } catch {
    console.log("The test runner left no tally.");
  }
  if (counted.failed === 0 && (status !== 0 || counted.passed === 0)) counted.failed = 1; // red for a reason that no test shows
  return counted;
}

function run([command, ...parameters], stdio) {
  const environment = { ...process.env, NO_COLOR: "1", CODELET_TALLY_FILE: tallyFile };
  delete environment.FORCE_COLOR;
  return spawnSync(command, parameters, { stdio, env: environment, encoding: "utf8", maxBuffer: 1 << 28, shell: process.platform === "win32" });
}
