import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Where host and sandbox run. A conversation on one processor costs a switch; on two it costs a wake-up each way, which is several times as much,
 * above all in a virtual machine. Where they are left alone, the echo happens to stay on one and an interpreter to move, and their ratio tells nothing.
 */
export const PLACEMENTS = canPin() ? { apart: [0, 1], together: [0, 0] } : { unpinned: undefined };

/** Puts this process and all that it has started in their places. */
export function place(placement) {
  const processors = PLACEMENTS[placement];
  if (processors === undefined) return;
  const [host, sandbox] = processors;
  pin(process.pid, host);
  for (const pid of descendants(process.pid)) pin(pid, sandbox);
}

function canPin() {
  return process.platform === "linux" && availableParallelism() > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;
}

/** With all its threads; those that it starts later stay with it. */
function pin(pid, processor) {
  const { status, stderr } = spawnSync("taskset", ["-acp", String(processor), String(pid)], { encoding: "utf8" });
  if (status !== 0 && existsSync(`/proc/${pid}`)) throw new Error(`The process ${pid} can't be put on processor ${processor}: ${stderr}`);
}

function descendants(pid) {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

function childrenOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
    );
  } catch {
    return []; // it has ended meanwhile
  }
}
