import { existsSync, readdirSync, readFileSync } from "node:fs";
import { eventually } from "./within.ts";

/** A process of this machine; a reused id has another start time. */
export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string;
  readonly command: string;
}

/** Whether processes can be looked at here. Only Linux tells without a program of its own. */
export const canSeeProcesses: boolean = existsSync("/proc/self/stat");

export const processesUnseen = "processes can be counted on Linux only";

/** The living descendants of a process, also in namespaces of their own. */
export function descendants(root: number = process.pid): readonly HostProcess[] {
  const all = listProcesses();
  const found = new Map<number, HostProcess>();
  const visit = (parent: number): void => {
    for (const candidate of all) {
      if (candidate.parent !== parent || found.has(candidate.pid)) continue;
      found.set(candidate.pid, candidate);
      visit(candidate.pid);
    }
  };
  visit(root);
  return [...found.values()];
}

/** Living processes with a text in their command line, whoever their parent is. */
export function processesWith(marker: string): readonly HostProcess[] {
  return listProcesses().filter(({ pid }) => commandLine(pid).includes(marker));
}

export function isAlive({ pid, startTime }: HostProcess): boolean {
  return readProcess(pid)?.startTime === startTime;
}

/** The processes that are still there when the time is over. */
export async function survivors(processes: () => readonly HostProcess[], milliseconds: number): Promise<readonly HostProcess[]> {
  let seen = processes();
  // One look decides: between two of them a pool of sandboxes may have begun another.
  await eventually(milliseconds, () => {
    seen = processes();
    return seen.length === 0;
  });
  return seen;
}

/** Descendants of this process that were not there before. */
export function newDescendants(before: readonly HostProcess[]): readonly HostProcess[] {
  const known = new Set(before.map(({ pid, startTime }) => `${pid}/${startTime}`));
  return descendants().filter(({ pid, startTime }) => !known.has(`${pid}/${startTime}`));
}

/** Every living process that can be seen from here. */
export function listProcesses(): readonly HostProcess[] {
  if (!canSeeProcesses) return [];
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
}

/** Zombies are dead: their parent just hasn't asked yet. */
function readProcess(pid: number): HostProcess | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const [, command = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
  const fields = rest.split(" ");
  if (fields.length < 20 || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, parent: Number(fields[1]), startTime: String(fields[19]), command };
}

function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/** Empty when the process is gone, which is no error. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
