import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

/** What a process and all of its descendants use together, read from /proc. */
export interface TreeSample {
  readonly pids: readonly number[];
  /** Processes and threads. */
  readonly tasks: number;
  /** Resident memory; pages that processes share count once for each. */
  readonly residentBytes: number;
  /** Processor time, children that ended included, in clock ticks. */
  readonly cpuTicks: number;
}

/** Reads the tree below `root`, inclusive, also through a pid namespace. Stops early above `maxTasks`: a fork bomb must not cost the host its time. */
export function sampleTree(root: number, maxTasks: number): TreeSample {
  const pids: number[] = [];
  let tasks = 0;
  let residentPages = 0;
  let cpuTicks = 0;
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined && tasks <= maxTasks; pid = queue.pop()) {
    const usage = readUsage(pid);
    if (usage === undefined) continue;
    pids.push(pid);
    tasks += usage.tasks;
    residentPages += usage.residentPages;
    cpuTicks += usage.cpuTicks;
    queue.push(...childrenOf(pid));
  }
  return { pids, tasks, residentBytes: residentPages * pageBytes(), cpuTicks };
}

/** The children of all threads of a process, oldest first; empty when it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => numbers(readFileSync(`/proc/${pid}/task/${task}/children`, "latin1")));
  } catch {
    return [];
  }
}

/** The last of a chain of only children: the worker below the sandbox's own processes. */
export function innermostChild(pid: number): number {
  const [child] = childrenOf(pid);
  return child === undefined ? pid : innermostChild(child);
}

/** Memory of the processes in which a shared page counts in parts, which add up to one. Undefined where the kernel does not tell. */
export function proportionalBytes(pids: readonly number[]): number | undefined {
  let kibibytes = 0;
  for (const pid of pids) {
    try {
      const line = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
      kibibytes += Number(line?.[1] ?? 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EACCES") return undefined;
    }
  }
  return kibibytes * 1024;
}

/** Processes that carry a variable in their first environment: those that left their parent and their group included. */
export function processesWith(variable: string): number[] {
  return numbers(readProcessIds().join(" ")).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable);
    } catch {
      return false;
    }
  });
}

/** Whether there is such a process, of any user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readProcessIds(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function readUsage(pid: number): { tasks: number; residentPages: number; cpuTicks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything, parentheses too; fields count from behind it. @see man 5 proc
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const field = (number: number): number => Number(fields[number - 3]);
    return { cpuTicks: field(14) + field(15) + field(16) + field(17), tasks: field(20), residentPages: field(24) };
  } catch {
    return undefined;
  }
}

let knownPageBytes: number | undefined;

function pageBytes(): number {
  knownPageBytes ??= readPageBytes();
  return knownPageBytes;
}

/** Node does not tell the page size, which is 16 or 64 KiB on some machines; the first entry of smaps does. */
function readPageBytes(): number {
  const start = Buffer.alloc(1024);
  const file = openSync("/proc/self/smaps", "r");
  try {
    readSync(file, start);
  } finally {
    closeSync(file);
  }
  return Number(/^KernelPageSize:\s+(\d+) kB$/m.exec(start.toString("latin1"))?.[1] ?? 4) * 1024;
}

function numbers(text: string): number[] {
  return text.split(" ").filter(Boolean).map(Number);
}
