// What is installed from Debian's packages: on Debian, by root.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

export const TIMEOUT_MS = 300_000;

export const isDebian = existsSync("/etc/debian_version");

export const isRootOnDebian = isDebian && process.getuid?.() === 0;

/** Whether they are there now. The package lists of a fresh machine are empty or old; where they aren't, the update is saved. */
export function install(...names) {
  console.log(`system packages: installing ${names.join(", ")}`);
  const get = () => apt("install", "-y", "--no-install-recommends", ...names);
  return get() || (apt("update") && get());
}

export function apt(...parameters) {
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: TIMEOUT_MS };
  return spawnSync("apt-get", ["-qq", ...parameters], options).status === 0;
}

export function isCommand(name) {
  return spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;
}
