import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { type Controller, read, setLimit } from "./cgroup-files.ts";
import { isAlive } from "./process-tree.ts";

/** Where groups can be made: folders by controller. In version 2 it is one folder for both. */
export type CgroupParents = Readonly<Partial<Record<Controller, CgroupParent>>>;

export interface CgroupParent {
  readonly folder: string;
  readonly version: 1 | 2;
}

let detected: CgroupParents | undefined;

/** Looks once per process for the places where this process may make groups with limits; empty for most users and in most containers. */
export function cgroupParents(): CgroupParents {
  detected ??= process.platform === "linux" ? findParents() : {};
  return detected;
}

function findParents(): CgroupParents {
  const found: Partial<Record<Controller, CgroupParent>> = {};
  for (const controller of ["memory", "pids"] as const) {
    const parent = candidates(controller).find((candidate) => isUsable(candidate, controller));
    if (parent !== undefined) found[controller] = parent;
  }
  return found;
}

/** This process's own group first, then the top of its hierarchy: a group with processes can't hand controllers down in version 2. */
function candidates(controller: Controller): CgroupParent[] {
  const groups = read("/proc/self", "cgroup").split("\n").filter(Boolean);
  const mounts = read("/proc/self", "mountinfo").split("\n");
  return groups.flatMap((line) => {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const version = controllers === "" ? 2 : 1;
    if (version === 1 && !controllers.split(",").includes(controller)) return [];
    const top = mounts.map((mount) => mountPoint(mount, version, controller)).find((folder) => folder !== undefined);
    return top === undefined ? [] : [...new Set([join(top, path), top])].map((folder): CgroupParent => ({ folder, version }));
  });
}

/** `36 35 98:0 /root /mount/point options optional - type source superoptions` @see man 5 proc_pid_mountinfo */
function mountPoint(line: string, version: 1 | 2, controller: Controller): string | undefined {
  const [mount = "", filesystem = ""] = line.split(" - ");
  const [type, , options = ""] = filesystem.split(" ");
  const matches = version === 2 ? type === "cgroup2" : type === "cgroup" && options.split(",").includes(controller);
  return matches ? mount.split(" ")[4] : undefined;
}

/** Makes a group and sets a limit in it, which is the only answer that holds: files may be there and read-only. */
function isUsable(parent: CgroupParent, controller: Controller): boolean {
  sweep(parent.folder);
  const folder = join(parent.folder, `codelet-${process.pid}-probe-${controller}`);
  try {
    mkdirSync(folder);
  } catch {
    return false;
  }
  try {
    const existing = readdirSync(folder);
    if (!existing.includes(controller === "pids" ? "pids.max" : parent.version === 2 ? "memory.max" : "memory.limit_in_bytes")) return false;
    setLimit(folder, parent.version, controller, { memoryLimitBytes: 2 ** 30, maxProcesses: 64 });
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

/** Removes the empty groups of hosts that were killed; a group in use can't be removed. */
function sweep(folder: string): void {
  for (const name of list(folder)) {
    const pid = Number(/^codelet-(\d+)-/.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    try {
      rmdirSync(join(folder, name));
    } catch {
      // In use by a host of another pid namespace.
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
