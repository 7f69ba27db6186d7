import { readFileSync } from "node:fs";

const intervalMs = 100;

/** Calls back once when a process holds more memory than it may. Where there is no /proc, it never does. */
export function watchResidentMemory(pid: number | undefined, maxBytes: number, exceeded: () => void): { stop(): void } {
  const timer = setInterval(() => {
    if (residentBytes(pid) <= maxBytes) return;
    clearInterval(timer);
    exceeded();
  }, intervalMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function residentBytes(pid: number | undefined): number {
  try {
    // Not `statm`: it counts pages, whose size differs between machines.
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
