import { throwIfAborted } from "@codelet/bridge";
import { AbortedError, ExecutorCrashedError } from "@codelet/core";
import type { Command } from "./bubblewrap.ts";
import { createSessionCgroup, type SessionCgroup } from "./cgroup.ts";
import { cgroupParents } from "./cgroup-parents.ts";
import { enforcementOf } from "./enforcement.ts";
import { describeInterpreter, type Interpreter } from "./interpreter.ts";
import { LocalWorker, type LocalWorkerOptions } from "./local-worker.ts";
import type { ResolvedLocalOptions } from "./options.ts";
import { explainStart, isMountRace, platformUnsupported } from "./start-diagnosis.ts";
import { type WorkerPlace, workerPlace } from "./worker-place.ts";
import { killGroup, type ReadyProcess, StartFailure, startProcess } from "./worker-process.ts";

export interface OpenWorkerOptions {
  readonly options: ResolvedLocalOptions;
  readonly seed: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const maxStarts = 5;

/**
 * Starts one worker. Whatever keeps it from starting, bubblewrap or Python missing, namespaces denied, is a {@link ConfigurationError} that says what to do:
 * every start is the probe of the real thing.
 */
export async function openWorker({ options, seed, signal }: OpenWorkerOptions): Promise<LocalWorker> {
  const unsupported = platformUnsupported(process.platform, options.sandbox);
  if (unsupported !== undefined) throw unsupported;
  throwIfAborted(signal);
  const interpreter = await describeInterpreter(options.python);
  const place = await workerPlace({ interpreter, options, seed, signal });
  try {
    const ready = await start(place.command, interpreter, options, signal);
    return await attach(ready, place, options, signal);
  } catch (error) {
    await place.onGone();
    throw error;
  }
}

async function start(
  command: Command,
  interpreter: Interpreter,
  options: ResolvedLocalOptions,
  signal: AbortSignal | undefined,
): Promise<ReadyProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startProcess(command, interpreter.runner, signal);
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof StartFailure)) throw error;
      if (attempt < maxStarts && isMountRace(error.stderr)) continue;
      throw explainStart({ reason: error.reason, stderr: error.stderr, python: interpreter.executable, sandbox: options.sandbox });
    }
  }
}

async function attach(ready: ReadyProcess, place: WorkerPlace, options: ResolvedLocalOptions, signal: AbortSignal | undefined): Promise<LocalWorker> {
  const { memoryLimitBytes, maxProcesses } = options;
  const enforced = enforcementOf(options);
  let worker: LocalWorker;
  let cgroup: SessionCgroup | undefined;
  try {
    cgroup = createSessionCgroup(cgroupParents(), { memoryLimitBytes, maxProcesses });
    const watch = watchOptions(enforced, options);
    worker = new LocalWorker(ready, { memoryLimitBytes, maxProcesses, cgroup, watch, marker: place.marker, onGone: place.onGone });
  } catch (error) {
    killGroup(ready.pid);
    await cgroup?.remove();
    throw new ExecutorCrashedError("The worker could not be put under its limits.", { cause: error });
  }
  if (signal?.aborted) {
    await worker.kill();
    throw new AbortedError(signal.reason);
  }
  return worker;
}

function watchOptions(enforced: ReturnType<typeof enforcementOf>, options: ResolvedLocalOptions): LocalWorkerOptions["watch"] {
  const memoryLimitBytes = enforced.memory === "host-watch" ? options.memoryLimitBytes : undefined;
  const maxProcesses = enforced.processes === "host-watch" ? options.maxProcesses : undefined;
  const [countsFiles, countsKernel] = [options.sandbox === "sandbox-runtime", options.sandbox !== "none"];
  return memoryLimitBytes === undefined && maxProcesses === undefined ? undefined : { memoryLimitBytes, maxProcesses, countsFiles, countsKernel };
}
