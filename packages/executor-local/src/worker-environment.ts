import { createHash, randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import type { Interpreter } from "./interpreter.ts";

const hashSeeds = 2 ** 32;
/** Each thread of a numeric library reserves memory, which counts against the limits, and machines of 128 cores are common. */
const maxNumericThreads = 4;

export interface EnvironmentOptions {
  readonly interpreter: Interpreter;
  /** The session's folder, as the worker sees it. */
  readonly folder: string;
  readonly seed: string | undefined;
  /** The caller's own variables, which win over all but what makes sessions separate and repeatable. */
  readonly env: Readonly<Record<string, string>>;
}

/** Everything that the worker's environment holds: nothing is inherited from the host. */
export function workerEnvironment({ interpreter, folder, seed, env }: EnvironmentOptions): Readonly<Record<string, string>> {
  const threads = String(Math.min(availableParallelism(), maxNumericThreads));
  return {
    PATH: [...new Set([dirname(interpreter.executable), "/usr/local/bin", "/usr/bin", "/bin"])].join(":"),
    LANG: "C.UTF-8",
    MALLOC_ARENA_MAX: "1",
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    ...env,
    HOME: folder,
    TMPDIR: folder,
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONHASHSEED: String(seed === undefined ? randomInt(hashSeeds) : hashSeed(seed)),
  };
}

/** The run's seed as CPython takes it. */
function hashSeed(seed: string): number {
  return createHash("sha256").update(seed).digest().readUInt32BE();
}
