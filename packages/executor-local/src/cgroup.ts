import { randomUUID } from "node:crypto";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CgroupLimits, read, setLimit } from "./cgroup-files.ts";
import type { CgroupParents } from "./cgroup-parents.ts";
import { kill } from "./worker-process.ts";

/** The control group, or the one of each controller, of one session. */
export interface SessionCgroup {
  /** Moves a process in; what it starts later is in too. Throws where the kernel refuses. */
  add(pid: number): void;
  /** Whether the kernel killed a process for its memory. */
  memoryExceeded(): boolean;
  /** Kills what is inside, again until nothing is, and removes the group. */
  remove(): Promise<void>;
}

const removalAttempts = 40;
const removalDelayMs = 25;

export function createSessionCgroup(parents: CgroupParents, limits: CgroupLimits): SessionCgroup | undefined {
  const name = `codelet-${process.pid}-${randomUUID()}`; // a host in another pid namespace may have the same number
  const folders = new Set<string>();
  for (const controller of ["memory", "pids"] as const) {
    const parent = parents[controller];
    if (parent === undefined) continue;
    const folder = join(parent.folder, name);
    mkdirSync(folder, { recursive: true });
    folders.add(folder);
    setLimit(folder, parent.version, controller, limits);
  }
  return folders.size === 0 ? undefined : new LimitedCgroup([...folders]);
}

class LimitedCgroup implements SessionCgroup {
  readonly #folders: readonly string[];

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  add(pid: number): void {
    for (const folder of this.#folders) writeFileSync(join(folder, "cgroup.procs"), String(pid));
  }

  memoryExceeded(): boolean {
    const events = this.#folders.map((folder) => `${read(folder, "memory.events")}\n${read(folder, "memory.oom_control")}`).join("\n");
    return /^oom_kill [1-9]/m.test(events);
  }

  async remove(): Promise<void> {
    for (const folder of this.#folders) await removeGroup(folder);
  }
}

/** A group can be removed when its last process is reaped, which the kernel does on its own time. */
async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 0; attempt < removalAttempts; attempt++) {
    for (const pid of read(folder, "cgroup.procs").split("\n").filter(Boolean)) kill(Number(pid), "SIGKILL");
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      await delay(removalDelayMs);
    }
  }
}
