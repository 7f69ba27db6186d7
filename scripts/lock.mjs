// One process at a time in this checkout: two first runs must neither install nor build over each other.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const identity = createHash("sha256").update(root).digest("hex").slice(0, 12);
const POLL_MS = 150;

/** Runs `task` (synchronous) while holding the checkout's lock of this name, and gives back what it returned. */
export function withLock(name, task) {
  const file = path.join(tmpdir(), `codelet-${identity}-${name}.lock`);
  let isAnnounced = false;
  while (!acquire(file)) {
    if (!isAnnounced) console.error(`setup: waiting for another process to finish its ${name} in this folder`);
    isAnnounced = true;
    pause(POLL_MS);
  }
  const release = () => holder(file) === process.pid && rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return task();
  } finally {
    process.off("exit", release);
    release();
  }
}

function acquire(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isAlive(holder(file))) return false;
    rmSync(file, { force: true }); // its owner was killed
    return false;
  }
  pause(20); // two waiters may both have swept away a dead owner's file: the one whose number stays has it
  return holder(file) === process.pid;
}

function holder(file) {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

export function pause(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
