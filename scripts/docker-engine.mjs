// A Docker engine and an image with Python for the tests. What the machine has is used; on Debian as root a private engine is installed and started for
// the time of the run, and its image is made of Debian packages: no registry is needed. Elsewhere the tests that need one skip.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const IMAGE = "codelet-test:python";
const PUBLIC_IMAGE = "python:3.13-slim-bookworm";
const ROOTS = ["python3", "python3-pip", "dash", "coreutils", "base-files", "netbase", "libc-bin", "libstdc++6"];
/** What Debian's tools need of them and Python doesn't. */
const NEEDLESS =
  /^(ca-certificates|c?debconf.*|dpkg|[gm]awk|original-awk|install-info|libdebian.*|libgdbm.*|libmpfr.*|libnewt.*|libperl.*|perl.*|libslang.*|libsigsegv.*|libtextwrap.*|mailcap|mime-support|openssl|tar|gcc-.*)$/;
const START_TRIES = 100;
const START_PAUSE_MS = 100;

/** Sets CODELET_DOCKER_ENGINE and CODELET_DOCKER_IMAGE for the tests, or prints why not. Returns what ends an engine of its own. Never fails the run. */
export function startDockerEngine() {
  const { CODELET_DOCKER_ENGINE: engine, CODELET_DOCKER_IMAGE: image, DOCKER_HOST: host } = process.env;
  if (engine !== undefined && image !== undefined) return () => {};
  const socket = host?.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
  if (ask(socket, "_ping") === "OK") {
    if (hasImage(socket, PUBLIC_IMAGE)) return offer(socket, PUBLIC_IMAGE, () => {});
    if (hasImage(socket, IMAGE) || importImage(socket)) return offer(socket, IMAGE, () => {});
    return skip(`the engine has no image ${PUBLIC_IMAGE}: docker pull ${PUBLIC_IMAGE}`);
  }
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0)
    return skip("no Docker engine answers, and only root on Debian gets one of its own");
  if (!isCommand("dockerd") && !install("docker.io")) return skip("apt-get could not install docker.io");
  const folder = mkdtempSync(path.join(tmpdir(), "codelet-engine-"));
  const own = startEngine(folder, "overlay2") ?? startEngine(folder, "vfs");
  if (own === undefined)
    return skip(`dockerd does not start: ${lastLine(path.join(folder, "engine.log"))}`, () => rmSync(folder, { recursive: true, force: true }));
  if (!importImage(own.socket)) return skip("the image could not be made of Debian packages", own.stop);
  return offer(own.socket, IMAGE, own.stop);
}

function offer(socket, image, stop) {
  process.env.CODELET_DOCKER_ENGINE = socket;
  process.env.CODELET_DOCKER_IMAGE = image;
  console.log(`docker engine: ${image}`);
  return stop;
}

function skip(reason, stop = () => {}) {
  console.log(`docker engine: SKIPPED, ${reason}; tests that need one will skip`);
  return stop;
}

/** A daemon whose state is in `folder`, without a bridge and without firewall rules: containers have no network, or the host's. */
function startEngine(folder, driver) {
  const socket = path.join(folder, "engine.sock");
  const config = path.join(folder, "daemon.json");
  const files = { "default-ulimits": { nofile: { Name: "nofile", Soft: 1024, Hard: hardFileLimit() } }, ...gvisor() };
  writeFileSync(config, JSON.stringify(files));
  const places = ["--data-root", path.join(folder, "data"), "--exec-root", path.join(folder, "exec"), "--pidfile", path.join(folder, "docker.pid")];
  const flags = ["--config-file", config, ...places, "-H", `unix://${socket}`, "--iptables=false", "--ip6tables=false", "--bridge=none"];
  const log = openSync(path.join(folder, "engine.log"), "a");
  // A mount namespace of its own: the engine's mounts come and go, and whatever looks at all mounts of the machine would stumble over them.
  const daemon = spawn("unshare", ["--mount", "dockerd", ...flags, `--storage-driver=${driver}`], { stdio: ["ignore", log, log] });
  daemon.on("error", () => {});
  daemon.unref();
  const stop = () => {
    end(daemon.pid);
    for (const mount of mountsBelow(folder)) spawnSync("umount", ["-l", mount]);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < START_TRIES; tries++) {
    if (ask(socket, "_ping") === "OK") return { socket, stop };
    pause(START_PAUSE_MS);
  }
  end(daemon.pid);
  return undefined;
}

/** Where runsc is installed, the engine knows it, on the platform that needs no virtualization. */
function gvisor() {
  if (!isCommand("runsc")) return {};
  const path = spawnSync("sh", ["-c", "command -v runsc"], { encoding: "utf8" }).stdout.trim();
  return { runtimes: { runsc: { path, runtimeArgs: ["--platform=ptrace", "--network=none"] } } };
}

/** An image of Debian's packages, unpacked and not installed: 70 MB in 3 s. */
export function importImage(socket) {
  const work = mkdtempSync(path.join(tmpdir(), "codelet-image-"));
  try {
    const root = path.join(work, "root");
    try {
      downloadPackages(work);
    } catch {
      apt("update"); // the package lists of a fresh machine are empty or old
      downloadPackages(work);
    }
    mkdirSync(root);
    for (const file of readdirSync(work)) if (file.endsWith(".deb")) run("dpkg-deb", ["-x", path.join(work, file), root]);
    for (const needless of ["doc", "man", "locale", "lintian"]) rmSync(path.join(root, "usr/share", needless), { recursive: true, force: true });
    for (const folder of ["proc", "sys", "dev", "tmp", "run", "etc", "work"]) mkdirSync(path.join(root, folder), { recursive: true });
    if (!existsSync(path.join(root, "bin/sh"))) symlinkSync("dash", path.join(root, "bin/sh"));
    writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nagent:x:1000:1000:agent:/work:/bin/sh\n");
    run("tar", ["-C", root, "-cf", path.join(work, "root.tar"), "."]);
    const target = `http://engine/v1.41/images/create?fromSrc=-&repo=${IMAGE}&changes=ENV%20PATH%3D%2Fusr%2Fbin%3A%2Fbin`;
    run("curl", [
      "-sS",
      "--fail",
      "--unix-socket",
      socket,
      "-X",
      "POST",
      "-T",
      path.join(work, "root.tar"),
      "-H",
      "Content-Type: application/x-tar",
      target,
    ]);
    return hasImage(socket, IMAGE);
  } catch (error) {
    console.log(`docker engine: ${error.message}`);
    return false;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Of Python and a shell, with what they need. */
function downloadPackages(folder) {
  const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const names = run("apt-cache", ["depends", "--recurse", ...kinds, ...ROOTS]).split("\n");
  run("apt-get", ["download", ...new Set(names.filter((name) => /^[a-z0-9]/.test(name) && !NEEDLESS.test(name)))], folder);
}

function hasImage(socket, name) {
  return ask(socket, `images/${name}/json`)?.includes('"Id"') === true;
}

export function ask(socket, what) {
  const { status, stdout } = spawnSync("curl", ["-sf", "--max-time", "10", "--unix-socket", socket, `http://engine/${what}`], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

export function install(name) {
  console.log(`engine: installing ${name}`);
  const get = () => apt("install", "-y", "--no-install-recommends", name);
  return get() || (apt("update") && get());
}

function apt(...parameters) {
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 300_000 };
  return spawnSync("apt-get", ["-qq", ...parameters], options).status === 0;
}

function run(command, parameters, cwd) {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} failed: ${String(stderr).trim().split("\n").at(-1)}`);
  return stdout;
}

export function isCommand(name) {
  return spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;
}

export function hardFileLimit() {
  const limit = Number(spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout);
  return Number.isInteger(limit) ? Math.min(limit, 1_048_576) : 1_048_576;
}

/** A daemon that was told to end takes its containers and containerd with it. */
export function end(pid) {
  if (pid === undefined) return;
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let tries = 0; tries < START_TRIES && isAlive(pid); tries++) pause(START_PAUSE_MS);
  }
}

function isAlive(pid) {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

export function mountsBelow(folder) {
  const mounts = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return mounts.filter((mount) => mount.startsWith(folder)).reverse();
}

export function lastLine(file) {
  return readFileSync(file, "utf8").trim().split("\n").at(-1);
}

export function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
