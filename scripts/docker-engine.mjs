// A Docker engine and an image with Python for the tests. What the machine has is used; on Debian as root a private engine is installed and started for
// the time of the run. Elsewhere the tests that need one skip.
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { install, isCommand, isRootOnDebian } from "./debian.mjs";
import { ask, hasImage, IMAGE, importImage } from "./engine-image.mjs";
import { hardFileLimit, lastWords, mayStartEngine, offer, removeFolder, skip, startEngine } from "./engine-process.mjs";

const PUBLIC_IMAGE = "python:3.13-slim-bookworm";

/** Sets CODELET_DOCKER_ENGINE and CODELET_DOCKER_IMAGE for the tests, or prints why not. Returns what ends an engine of its own. Never fails the run. */
export function startDockerEngine() {
  const { CODELET_DOCKER_ENGINE: engine, CODELET_DOCKER_IMAGE: image, DOCKER_HOST: host } = process.env;
  if (engine !== undefined && image !== undefined) return () => {};
  const socket = host?.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
  if (ask(socket, "_ping") !== "OK") return startOwnEngine();
  if (hasImage(socket, PUBLIC_IMAGE)) return offer("docker", socket, PUBLIC_IMAGE);
  if (hasImage(socket, IMAGE) || importImage(socket)) return offer("docker", socket, IMAGE);
  return skip("docker", `the engine has no image ${PUBLIC_IMAGE}: docker pull ${PUBLIC_IMAGE}`);
}

function startOwnEngine() {
  if (!isRootOnDebian) return skip("docker", "no engine answers, and only root on Debian gets one of its own");
  if (!mayStartEngine()) return skip("docker", "no engine answers, and this root may not mount");
  if (!isCommand("dockerd") && !install("docker.io")) return skip("docker", "apt-get could not install docker.io");
  const folder = mkdtempSync(path.join(tmpdir(), "codelet-engine-"));
  const socket = path.join(folder, "engine.sock");
  const command = daemonCommand(folder, socket);
  const start = (driver) => startEngine(folder, socket, [...command, `--storage-driver=${driver}`]);
  const end = start("overlay2") ?? start("vfs");
  const stop = () => {
    end?.();
    removeFolder(folder);
  };
  if (end === undefined) return skip("docker", `it does not start: ${lastWords(folder)}`, stop);
  return importImage(socket) ? offer("docker", socket, IMAGE, stop) : skip("docker", "the image could not be made of Debian packages", stop);
}

/** A daemon whose state is in `folder`, without a bridge and without firewall rules: containers have no network, or the host's. */
function daemonCommand(folder, socket) {
  const config = path.join(folder, "daemon.json");
  const files = { "default-ulimits": { nofile: { Name: "nofile", Soft: 1024, Hard: hardFileLimit() } }, ...gvisor() };
  writeFileSync(config, JSON.stringify(files));
  const places = ["--data-root", path.join(folder, "data"), "--exec-root", path.join(folder, "exec"), "--pidfile", path.join(folder, "docker.pid")];
  return ["dockerd", "--config-file", config, ...places, "-H", `unix://${socket}`, "--iptables=false", "--ip6tables=false", "--bridge=none"];
}

/** Where runsc is installed, the engine knows it, on the platform that needs no virtualization. */
function gvisor() {
  if (!isCommand("runsc")) return {};
  const path = spawnSync("sh", ["-c", "command -v runsc"], { encoding: "utf8" }).stdout.trim();
  return { runtimes: { runsc: { path, runtimeArgs: ["--platform=ptrace", "--network=none"] } } };
}
