import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Controller = "memory" | "pids";

export interface CgroupLimits {
  readonly memoryLimitBytes: number;
  readonly maxProcesses: number;
}

/** Sets a group's limit; throws where the kernel refuses. */
export function setLimit(folder: string, version: 1 | 2, controller: Controller, limits: CgroupLimits): void {
  const bytes = String(limits.memoryLimitBytes);
  if (controller === "pids") {
    writeFileSync(join(folder, "pids.max"), String(limits.maxProcesses));
  } else if (version === 2) {
    writeFileSync(join(folder, "memory.max"), bytes);
    writeIfThere(join(folder, "memory.swap.max"), "0");
    writeIfThere(join(folder, "memory.oom.group"), "1");
  } else {
    writeFileSync(join(folder, "memory.limit_in_bytes"), bytes);
    writeIfThere(join(folder, "memory.memsw.limit_in_bytes"), bytes);
  }
}

/** Swap accounting and group kills are options of the kernel. */
function writeIfThere(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "r+" });
  } catch {
    // Not there: the limit itself is.
  }
}

/** A file of a group; empty when it is not there. */
export function read(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), "latin1");
  } catch {
    return "";
  }
}
