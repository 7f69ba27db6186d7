// What the tests use from the operating system. On Debian as root the missing part is installed; elsewhere the tests that need it skip.
import { spawnSync } from "node:child_process";
import { install, isDebian, isRootOnDebian } from "./debian.mjs";

const WANTED = ["bubblewrap", "curl", "python3", "python3-numpy", "python3-pandas", "python3-pil"];

/** Installs the missing Debian packages where that is possible, and prints one line when it is not. Never fails the run. */
export function installSystemPackages() {
  if (!isDebian) return skip("this is not Debian");
  const missing = WANTED.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (!isRootOnDebian) return skip(`missing ${missing.join(", ")}, and only root may install them`);
  if (!install(...missing)) skip(`apt-get could not install ${missing.join(", ")}`);
}

function isInstalled(name) {
  const answer = spawnSync("dpkg-query", ["-W", "-f", "${db:Status-Abbrev}", name], { encoding: "utf8" });
  return answer.status === 0 && answer.stdout.startsWith("ii");
}

function skip(reason) {
  console.log(`system packages: SKIPPED, ${reason}; tests that need them will skip`);
}
