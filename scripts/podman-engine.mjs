// A Podman for the tests of CODELET_FULL=1, on Debian as root: they are the Docker executor's, and Docker is what everyday runs have.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ask, end, hardFileLimit, IMAGE, importImage, install, isCommand, lastLine, mountsBelow, pause } from "./docker-engine.mjs";

const START_TRIES = 100;
const START_PAUSE_MS = 100;

/** Sets CODELET_PODMAN_ENGINE and CODELET_PODMAN_IMAGE for the tests, or prints why not. Returns what ends the engine. Never fails the run. */
export function startPodmanEngine() {
  if (process.env.CODELET_FULL !== "1" || process.env.CODELET_PODMAN_ENGINE !== undefined) return () => {};
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0) return skip("only root on Debian gets one");
  for (const name of ["podman", "runc"]) if (!isCommand(name) && !install(name)) return skip(`apt-get could not install ${name}`);
  const folder = mkdtempSync(path.join(tmpdir(), "codelet-podman-"));
  const socket = path.join(folder, "podman.sock");
  const service = startService(folder, socket);
  const stop = () => {
    end(service.pid);
    spawnSync("podman", [...placesIn(folder), "rm", "--all", "--force"], { stdio: "ignore" });
    for (const mount of mountsBelow(folder)) spawnSync("umount", ["-l", mount]);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < START_TRIES && ask(socket, "_ping") !== "OK"; tries++) pause(START_PAUSE_MS);
  if (ask(socket, "_ping") !== "OK") return skip(`it does not start: ${lastLine(path.join(folder, "engine.log"))}`, stop);
  if (!importImage(socket)) return skip("the image could not be made of Debian packages", stop);
  process.env.CODELET_PODMAN_ENGINE = socket;
  process.env.CODELET_PODMAN_IMAGE = IMAGE;
  console.log(`podman engine: ${IMAGE}`);
  return stop;
}

/** Limits that this machine may set, and a runtime that takes any tree of cgroups. */
function startService(folder, socket) {
  const limits = `default_ulimits = ["nofile=${hardFileLimit()}:${hardFileLimit()}", "nproc=${processLimit()}:${processLimit()}"]`;
  const engine = 'runtime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"';
  const config = path.join(folder, "containers.conf");
  writeFileSync(config, `[containers]\n${limits}\nnetns = "none"\n[engine]\n${engine}\n`);
  const log = openSync(path.join(folder, "engine.log"), "a");
  const service = spawn("unshare", ["--mount", "podman", ...placesIn(folder), "system", "service", "--time=0", `unix://${socket}`], {
    stdio: ["ignore", log, log],
    cwd: folder, // its monitors leave a file called `oom` where they are
    env: { ...process.env, CONTAINERS_CONF: config },
  });
  service.on("error", () => {});
  service.unref();
  return service;
}

function placesIn(folder) {
  return ["--root", path.join(folder, "store"), "--runroot", path.join(folder, "run"), "--storage-driver", "overlay"];
}

function processLimit() {
  return Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
}

function skip(reason, stop = () => {}) {
  console.log(`podman engine: SKIPPED, ${reason}; tests that need it will skip`);
  stop();
  return () => {};
}
