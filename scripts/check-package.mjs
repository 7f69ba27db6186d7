// Run in a package's folder: what npm would upload, seen by publint and "are the types wrong". Packed into a folder of its own, since
// attw's own packing leaves the file in the package, where a second run trips over it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const folder = mkdtempSync(path.join(tmpdir(), "codelet-check-"));
try {
  run("pnpm", "pack", "--pack-destination", folder);
  const [name] = readdirSync(folder);
  const tarball = path.join(folder, name);
  run("publint", "--strict", tarball);
  run("attw", "--profile", "esm-only", tarball);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command, ...parameters) {
  const { status } = spawnSync(command, parameters, { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" });
  if (status !== 0) throw new Error(`failed: ${command} ${parameters.join(" ")}`);
}
