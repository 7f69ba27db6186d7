import { readdirSync, readFileSync } from "node:fs";

/** Names a machine in the environment of its processes. The name must be one that no other server's machine has. */
export const machineVariable = "LOCAL_MACHINE";

/**
 * The living processes of a machine, daemons included: those that have its name in their environment, and their descendants. Empty where there is no /proc.
 */
export function processesOf(machine: string): readonly number[] {
  const marker = `\0${machineVariable}=${machine}\0`;
  const parents = new Map<number, number>();
  const own = new Set<number>();
  for (const name of numbersIn("/proc")) {
    const [, state = "Z", parent = "0"] = /^\d+ \(.*\) (.) (\d+)/s.exec(read(`/proc/${name}/stat`)) ?? [];
    if (state === "Z" || state === "X") continue;
    parents.set(name, Number(parent));
    if (`\0${read(`/proc/${name}/environ`)}`.includes(marker)) own.add(name);
  }
  for (let grown = -1; grown !== own.size; ) {
    grown = own.size;
    for (const [pid, parent] of parents) if (own.has(parent)) own.add(pid);
  }
  return [...own];
}

/** Signals every process of a machine, also those that are started meanwhile; where there is no /proc, the groups of those that it has `started`. */
export function signalMachine(machine: string, signal: NodeJS.Signals, started: Iterable<number | undefined> = []): void {
  for (const pid of started) if (pid !== undefined) signalProcess(-pid, signal);
  const signalled = new Set<number>();
  for (let pass = 0; pass < 20; pass++) {
    const left = processesOf(machine).filter((pid) => !signalled.has(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      signalled.add(pid);
      signalProcess(pid, signal);
    }
  }
}

export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended
  }
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
  } catch {
    return [];
  }
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
