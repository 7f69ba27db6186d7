// A Podman for the tests of the Docker executor: on Debian as root it is installed and started for the time of the run. Elsewhere they skip.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { install, isCommand, isRootOnDebian } from "./debian.mjs";
import { IMAGE, importImage } from "./engine-image.mjs";
import { hardFileLimit, lastWords, mayStartEngine, offer, removeFolder, skip, startEngine } from "./engine-process.mjs";

/** Sets CODELET_PODMAN_ENGINE and CODELET_PODMAN_IMAGE for the tests, or prints why not. Returns what ends the engine. Never fails the run. */
export function startPodmanEngine() {
  if (process.env.CODELET_PODMAN_ENGINE !== undefined) return () => {};
  if (!isRootOnDebian) return skip("podman", "only root on Debian gets one");
  if (!mayStartEngine()) return skip("podman", "this root may not mount");
  for (const name of ["podman", "runc"]) if (!isCommand(name) && !install(name)) return skip("podman", `apt-get could not install ${name}`);
  const folder = mkdtempSync(path.join(tmpdir(), "codelet-podman-"));
  const socket = path.join(folder, "podman.sock");
  const podman = ["podman", "--root", path.join(folder, "store"), "--runroot", path.join(folder, "run"), "--storage-driver", "overlay"];
  const environment = { ...process.env, CONTAINERS_CONF: writeConfig(folder) };
  const end = startEngine(folder, socket, [...podman, "system", "service", "--time=0", `unix://${socket}`], environment);
  const stop = () => {
    end();
    spawnSync(podman[0], [...podman.slice(1), "rm", "--all", "--force"], { stdio: "ignore" });
    removeFolder(folder);
  };
  // Without a call of its command, which leaves a process where it has no rights.
  if (end === undefined) return skip("podman", `it does not start: ${lastWords(folder)}`, () => removeFolder(folder));
  return importImage(socket) ? offer("podman", socket, IMAGE, stop) : skip("podman", "the image could not be made of Debian packages", stop);
}

/** Limits that this machine may set, and a runtime that takes any tree of cgroups. */
function writeConfig(folder) {
  const processLimit = Number(readFileSync("/proc/sys/kernel/pid_max", "utf8"));
  const limits = `default_ulimits = ["nofile=${hardFileLimit()}:${hardFileLimit()}", "nproc=${processLimit}:${processLimit}"]`;
  const engine = 'runtime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"';
  const file = path.join(folder, "containers.conf");
  writeFileSync(file, `[containers]\n${limits}\nnetns = "none"\n[engine]\n${engine}\n`);
  return file;
}
