import { kernelBytes } from "./kernel-memory.ts";
import { memoryFileBytes } from "./memory-files.ts";
import { proportionalBytes, sampleTree } from "./process-tree.ts";

export interface WatchOptions {
  /** The outermost process of the session. */
  readonly pid: number;
  /** Undefined where the kernel enforces it. */
  readonly memoryLimitBytes: number | undefined;
  readonly maxProcesses: number | undefined;
  /** A process whose files in memory count too, where no size limits them. */
  readonly filesOf?: number | undefined;
  /** A process inside a sandbox, for which what the kernel holds counts too. */
  readonly kernelOf?: number | undefined;
  /** Called once, when a limit is passed; the watch is over then. */
  readonly onExceeded: (limit: "memory" | "processes") => void;
}

/** Looks at a session's processes from outside, often while they work and seldom while they rest. */
export interface ResourceWatch {
  /** Something was sent to the worker: it may work from now on. */
  wake(): void;
  stop(): void;
}

const busyIntervalMs = 50;
const idleIntervalMs = 1_000;

export function watchResources(options: WatchOptions): ResourceWatch {
  let intervalMs = busyIntervalMs;
  let cpuTicks = -1;
  let timer = schedule();

  function schedule(): NodeJS.Timeout {
    return setTimeout(look, intervalMs).unref();
  }

  function look(): void {
    const sample = sampleTree(options.pid, options.maxProcesses ?? Number.POSITIVE_INFINITY);
    const exceeded = exceededLimit(sample, options);
    if (exceeded !== undefined) {
      options.onExceeded(exceeded);
      return;
    }
    intervalMs = sample.cpuTicks === cpuTicks ? Math.min(intervalMs * 2, idleIntervalMs) : busyIntervalMs;
    cpuTicks = sample.cpuTicks;
    timer = schedule();
  }

  return {
    wake() {
      if (intervalMs === busyIntervalMs) return;
      intervalMs = busyIntervalMs;
      clearTimeout(timer);
      timer = schedule();
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

function exceededLimit(sample: ReturnType<typeof sampleTree>, options: WatchOptions): "memory" | "processes" | undefined {
  const { memoryLimitBytes, maxProcesses, filesOf, kernelOf } = options;
  if (maxProcesses !== undefined && sample.tasks > maxProcesses) return "processes";
  if (memoryLimitBytes === undefined) return undefined;
  const heldBytes = (filesOf === undefined ? 0 : memoryFileBytes(filesOf)) + (kernelOf === undefined ? 0 : kernelBytes(kernelOf));
  if (sample.residentBytes + heldBytes <= memoryLimitBytes) return undefined;
  // Forked children share most of their pages, which the cheap sum counts once for each of them.
  const bytes = sample.pids.length > 1 ? proportionalBytes(sample.pids) : undefined;
  return (bytes ?? sample.residentBytes) + heldBytes > memoryLimitBytes ? "memory" : undefined;
}
