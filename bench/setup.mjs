// What has to be there before anything is measured: the peers in this folder, and the built packages.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const root = path.dirname(here);
const EXECUTORS = ["local", "wasm", "docker", "e2b", "modal", "blaxel"];
const MEASURED_PACKAGES = ["core", "testing", ...EXECUTORS.map((name) => `executor-${name}`), "local-e2b", "local-modal", "local-blaxel"];

/** Installs the exact versions of package.json when one of them is missing. */
export function installPeers() {
  const { dependencies } = readJson(path.join(here, "package.json"));
  if (Object.entries(dependencies).every(([name, version]) => installedVersion(name) === version)) return;
  console.error("setup: installing the peers");
  const flags = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  run("npm", ["install", ...flags], here, "npm could not install the peers (see above).");
}

/** Turbo builds only what changed. A failed build stops the run, for old files would give old numbers. */
export function buildWorkspace() {
  const filters = MEASURED_PACKAGES.map((name) => `--filter=@codelet/${name}`);
  const failure = "The packages don't build (see above); --no-build measures what was built before.";
  run(process.execPath, ["scripts/dev.mjs", "build", ...filters], root, failure);
}

/** The version of a package in this folder's node_modules; undefined when it isn't there. */
export function installedVersion(name) {
  try {
    return readJson(path.join(here, "node_modules", name, "package.json")).version;
  } catch {
    return undefined;
  }
}

function run(command, parameters, cwd, failure) {
  const isWindows = process.platform === "win32";
  const { status } = spawnSync(command, parameters, { cwd, stdio: ["ignore", 2, "inherit"], shell: isWindows && command === "npm" });
  if (status === 0) return;
  console.error(failure);
  process.exit(1);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
