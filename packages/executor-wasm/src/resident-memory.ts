import { readFileSync } from "node:fs";

const pageBytes = 4096;
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
    return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}
