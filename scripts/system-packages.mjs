// What the tests use from the operating system. On Debian as root the missing part is installed; elsewhere the tests that need it skip.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const WANTED = ["bubblewrap", "curl", "python3", "python3-numpy", "python3-pandas", "python3-pil"];

/** Installs the missing Debian packages where that is possible, and prints one line when it is not. Never fails the run. */
export function installSystemPackages() {
  if (!existsSync("/etc/debian_version")) return skip("this is not Debian");
  const missing = WANTED.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) return skip(`missing ${missing.join(", ")}, and only root may install them`);
  console.log(`system packages: installing ${missing.join(", ")}`);
  const install = () => apt("install", "-y", "--no-install-recommends", ...missing);
  // The package lists of a fresh machine are empty or old; where they aren't, the update is saved.
  if (install() === 0 || (apt("update") === 0 && install() === 0)) return;
  skip(`apt-get could not install ${missing.join(", ")}`);
}

function isInstalled(name) {
  const answer = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Abbrev}", name], { encoding: "utf8" });
  return answer.status === 0 && answer.stdout.startsWith("ii");
}

function apt(...parameters) {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync("apt-get", ["-qq", ...parameters], { stdio: ["ignore", "ignore", "ignore"], env: environment, timeout: 300_000 }).status;
}

function skip(reason) {
  console.log(`system packages: SKIPPED, ${reason}; tests that need them will skip`);
}
