// An engine of containers that runs for the time of the tests: its process, what they are told of it, and what it leaves behind.
import { spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { ask, whyNoneStarts } from "./engine-image.mjs";
import { pause } from "./lock.mjs";

const TRIES = 100;
const PAUSE_MS = 100;

/** Whether an engine of our own can be started at all: in a container without privileges, root can't, and nothing has to be installed to find out. */
export function mayStartEngine() {
  return spawnSync("unshare", ["--mount", "true"], { stdio: "ignore" }).status === 0;
}

/** Starts an engine whose state is in `folder`. Returns what ends it, or undefined when nothing answers on the socket in time. */
export function startEngine(folder, socket, command, environment = process.env) {
  const log = openSync(path.join(folder, "engine.log"), "a");
  // A mount namespace of its own: the engine's mounts come and go, and whatever looks at all mounts of the machine would stumble over them.
  const options = { stdio: ["ignore", log, log], cwd: folder, env: environment };
  const engine = spawn("unshare", ["--mount", ...command], options);
  engine.on("error", () => {});
  engine.unref();
  for (let tries = 0; tries < TRIES && isAlive(engine.pid); tries++) {
    if (ask(socket, "_ping") === "OK") return () => end(engine.pid);
    pause(PAUSE_MS);
  }
  end(engine.pid);
  return undefined;
}

/** Names the engine to the tests where containers start on it. Returns what ends it. */
export function offer(name, socket, image, stop = () => {}) {
  const reason = whyNoneStarts(socket, image);
  if (reason !== undefined) return skip(name, `no container starts: ${reason}`, stop);
  process.env[`CODELET_${name.toUpperCase()}_ENGINE`] = socket;
  process.env[`CODELET_${name.toUpperCase()}_IMAGE`] = image;
  console.log(`${name} engine: ${image}`);
  return stop;
}

/** There is none: says why, and ends what there is of it. */
export function skip(name, reason, stop = () => {}) {
  console.log(`${name} engine: SKIPPED, ${reason}; tests that need it will skip`);
  stop();
  return () => {};
}

export function lastWords(folder) {
  return readFileSync(path.join(folder, "engine.log"), "utf8").trim().split("\n").at(-1);
}

/** Of an engine that has ended; what a process of its still holds stays, and is no failure of the run. */
export function removeFolder(folder) {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((mount) => mount.startsWith(folder)).reverse()) spawnSync("umount", ["-l", mount]);
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  } catch (error) {
    console.log(`engine: ${folder} is left behind: ${error.message}`);
  }
}

export function hardFileLimit() {
  const limit = Number(spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout);
  return Number.isInteger(limit) ? Math.min(limit, 1_048_576) : 1_048_576;
}

/** A daemon that was told to end takes its containers and containerd with it. */
function end(pid) {
  if (pid === undefined) return;
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let tries = 0; tries < TRIES && isAlive(pid); tries++) pause(PAUSE_MS);
  }
}

function isAlive(pid) {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
