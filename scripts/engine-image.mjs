// An image with Python for the tests of an engine, made of Debian's packages: no registry is needed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { apt, TIMEOUT_MS } from "./debian.mjs";

export const IMAGE = "codelet-test:python";
const ROOTS = ["python3", "python3-pip", "dash", "coreutils", "base-files", "netbase", "libc-bin", "libstdc++6"];
/** What Debian's tools need of them and Python doesn't. */
const NEEDLESS =
  /^(ca-certificates|c?debconf.*|dpkg|[gm]awk|original-awk|install-info|libdebian.*|libgdbm.*|libmpfr.*|libnewt.*|libperl.*|perl.*|libslang.*|libsigsegv.*|libtextwrap.*|mailcap|mime-support|openssl|tar|gcc-.*)$/;

/** Made once for all engines of a run; what could not be made is not waited for again. */
let archive;

/** An image of Debian's packages, unpacked and not installed: 70 MB in 3 s. */
export function importImage(socket) {
  archive ??= makeArchive();
  if (archive.file === undefined) return false;
  const target = `http://engine/images/create?fromSrc=-&repo=${IMAGE}&changes=ENV%20PATH%3D%2Fusr%2Fbin%3A%2Fbin`;
  const upload = ["-X", "POST", "-H", "Content-Type: application/x-tar", "-T", archive.file, target];
  try {
    run("curl", ["-sS", "--fail", "--unix-socket", socket, ...upload]);
  } catch (error) {
    console.log(`engine image: ${error.message}`);
  }
  return hasImage(socket, IMAGE);
}

/** Its file goes with this process; there is none where it could not be made. */
function makeArchive() {
  const work = mkdtempSync(path.join(tmpdir(), "codelet-image-"));
  process.once("exit", () => rmSync(work, { recursive: true, force: true }));
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
    for (const name of readdirSync(work)) if (name !== "root.tar") rmSync(path.join(work, name), { recursive: true });
    return { file: path.join(work, "root.tar") };
  } catch (error) {
    console.log(`engine image: ${error.message}`);
    return {};
  }
}

/** Of Python and a shell, with what they need. */
function downloadPackages(folder) {
  const kinds = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`);
  const names = run("apt-cache", ["depends", "--recurse", ...kinds, ...ROOTS]).split("\n");
  run("apt-get", ["download", ...new Set(names.filter((name) => /^[a-z0-9]/.test(name) && !NEEDLESS.test(name)))], folder);
}

export function hasImage(socket, name) {
  return ask(socket, `images/${name}/json`)?.includes('"Id"') === true;
}

export function ask(socket, what) {
  const { status, stdout } = spawnSync("curl", ["-sf", "--max-time", "10", "--unix-socket", socket, `http://engine/${what}`], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

/** Why no container starts on an engine that answers: one without control groups says so only then. Undefined where one does. */
export function whyNoneStarts(socket, image) {
  const { Id: id, message } = post(socket, "containers/create", { Image: image, Cmd: ["true"], HostConfig: { NetworkMode: "none" } });
  if (id === undefined) return message ?? "it creates none";
  const started = post(socket, `containers/${id}/start`);
  spawnSync("curl", [...quietly(socket), "-X", "DELETE", `http://engine/containers/${id}?force=true&v=true`]);
  return started.message;
}

/** What the engine answers: `message` says why where it refuses. */
function post(socket, what, body) {
  const json = body === undefined ? [] : ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)];
  const { status, stdout } = spawnSync("curl", [...quietly(socket), "-X", "POST", ...json, `http://engine/${what}`], { encoding: "utf8" });
  if (status !== 0) return { message: "it doesn't answer" };
  try {
    return stdout === "" ? {} : JSON.parse(stdout);
  } catch {
    return { message: `it answers ${stdout.slice(0, 100)}` };
  }
}

function quietly(socket) {
  return ["-s", "--max-time", "30", "--unix-socket", socket];
}

function run(command, parameters, cwd) {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8", maxBuffer: 1 << 26, timeout: TIMEOUT_MS });
  if (status !== 0) throw new Error(`${command} failed: ${String(stderr).trim().split("\n").at(-1)}`);
  return stdout;
}
