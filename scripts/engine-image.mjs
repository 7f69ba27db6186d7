// An image with Python for the tests of an engine, made of Debian's packages: no registry is needed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { apt } from "./debian.mjs";

export const IMAGE = "codelet-test:python";
const ROOTS = ["python3", "python3-pip", "dash", "coreutils", "base-files", "netbase", "libc-bin", "libstdc++6"];
/** What Debian's tools need of them and Python doesn't. */
const NEEDLESS =
  /^(ca-certificates|c?debconf.*|dpkg|[gm]awk|original-awk|install-info|libdebian.*|libgdbm.*|libmpfr.*|libnewt.*|libperl.*|perl.*|libslang.*|libsigsegv.*|libtextwrap.*|mailcap|mime-support|openssl|tar|gcc-.*)$/;

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
    const upload = ["-X", "POST", "-H", "Content-Type: application/x-tar", "-T", path.join(work, "root.tar"), target];
    run("curl", ["-sS", "--fail", "--unix-socket", socket, ...upload]);
    return hasImage(socket, IMAGE);
  } catch (error) {
    console.log(`engine image: ${error.message}`);
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

export function hasImage(socket, name) {
  return ask(socket, `images/${name}/json`)?.includes('"Id"') === true;
}

export function ask(socket, what) {
  const { status, stdout } = spawnSync("curl", ["-sf", "--max-time", "10", "--unix-socket", socket, `http://engine/${what}`], { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

function run(command, parameters, cwd) {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd, encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} failed: ${String(stderr).trim().split("\n").at(-1)}`);
  return stdout;
}
