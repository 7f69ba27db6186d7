import { randomUUID } from "node:crypto";
import { AbortedError, ExecutorCrashedError } from "@codelet/core";
import { type BootOptions, workerArguments } from "./bootstrap.ts";
import { bubblewrapCommand, type Command, sandboxFolder } from "./bubblewrap.ts";
import { createSessionCgroup, type SessionCgroup } from "./cgroup.ts";
import { cgroupParents } from "./cgroup-parents.ts";
import { enforcementOf } from "./enforcement.ts";
import { findCommand } from "./find-command.ts";
import { describeInterpreter, type Interpreter } from "./interpreter.ts";
import { LocalWorker, type LocalWorkerOptions } from "./local-worker.ts";
import type { ResolvedLocalOptions } from "./options.ts";
import { sandboxPaths } from "./sandbox-paths.ts";
import { makeSessionFolder } from "./session-folder.ts";
import { architectureUnsupported, bubblewrapMissing, explainStart, platformUnsupported } from "./start-diagnosis.ts";
import { systemCallFilter } from "./system-call-filter.ts";
import { isRoot } from "./unprivileged-user.ts";
import { workerEnvironment } from "./worker-environment.ts";
import { killGroup, type ReadyProcess, StartFailure, startProcess } from "./worker-process.ts";

/** In the environment of every process of a session, also of those that leave its process group. */
const markerName = "CODELET_SESSION";

export interface OpenWorkerOptions {
  readonly options: ResolvedLocalOptions;
  readonly seed: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts one worker. Whatever keeps it from starting, bubblewrap or Python missing, namespaces denied, is a {@link ConfigurationError} that says what to do:
 * every start is the probe of the real thing.
 */
export async function openWorker({ options, seed, signal }: OpenWorkerOptions): Promise<LocalWorker> {
  const unsupported = platformUnsupported(process.platform, options.sandbox);
  if (unsupported !== undefined) throw unsupported;
  if (signal?.aborted) throw new AbortedError(signal.reason);
  const interpreter = await describeInterpreter(options.python);
  const place = options.sandbox === "required" ? sandboxed(interpreter, options, seed) : await unsandboxed(interpreter, options, seed);
  try {
    const ready = await start(place.command, interpreter, options, signal);
    return await attach(ready, place, options, signal);
  } catch (error) {
    await place.removeFolder();
    throw error;
  }
}

/** Where a worker runs, and what is left to do when it is gone. */
interface Place {
  readonly command: Command;
  readonly marker: string | undefined;
  readonly removeFolder: () => Promise<void>;
}

function sandboxed(interpreter: Interpreter, options: ResolvedLocalOptions, seed: string | undefined): Place {
  const bwrap = findCommand("bwrap");
  if (bwrap === undefined) throw bubblewrapMissing();
  const filter = systemCallFilter();
  if (filter === undefined) throw architectureUnsupported(process.arch);
  const command = bubblewrapCommand({
    bwrap,
    setpriv: findCommand("setpriv"),
    asRoot: isRoot(),
    paths: sandboxPaths(interpreter),
    diskLimitBytes: options.diskLimitBytes,
    filter,
    env: workerEnvironment({ interpreter, folder: sandboxFolder, seed, env: options.env }),
    argv: workerArguments(interpreter, bootOptions(options)),
  });
  return { command, marker: undefined, removeFolder: async () => {} }; // The folder is the sandbox's own memory.
}

async function unsandboxed(interpreter: Interpreter, options: ResolvedLocalOptions, seed: string | undefined): Promise<Place> {
  const folder = await makeSessionFolder();
  const session = randomUUID();
  const env = { ...workerEnvironment({ interpreter, folder: folder.path, seed, env: options.env }), [markerName]: session };
  const [file = "", ...args] = workerArguments(interpreter, bootOptions(options));
  return {
    command: { file, args, env, cwd: folder.path, fourth: "lifeline" },
    marker: `${markerName}=${session}`,
    removeFolder: folder.remove,
  };
}

function bootOptions(options: ResolvedLocalOptions): BootOptions {
  return {
    addressSpaceBytes: process.platform === "linux" ? options.memoryLimitBytes : -1,
    maxTasks: enforcementOf(options).processes === "rlimit" ? options.maxProcesses : -1,
    lifeline: options.sandbox === "none" ? "group" : "none",
  };
}

async function start(
  command: Command,
  interpreter: Interpreter,
  options: ResolvedLocalOptions,
  signal: AbortSignal | undefined,
): Promise<ReadyProcess> {
  try {
    return await startProcess(command, interpreter.runner, signal);
  } catch (error) {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    if (!(error instanceof StartFailure)) throw error;
    throw explainStart({ reason: error.reason, stderr: error.stderr, python: interpreter.executable, sandbox: options.sandbox });
  }
}

async function attach(ready: ReadyProcess, place: Place, options: ResolvedLocalOptions, signal: AbortSignal | undefined): Promise<LocalWorker> {
  const { memoryLimitBytes, maxProcesses } = options;
  const enforced = enforcementOf(options);
  let worker: LocalWorker;
  let cgroup: SessionCgroup | undefined;
  try {
    cgroup = createSessionCgroup(cgroupParents(), { memoryLimitBytes, maxProcesses });
    const watch = watchOptions(enforced, options);
    worker = new LocalWorker(ready, { memoryLimitBytes, maxProcesses, cgroup, watch, marker: place.marker, onGone: place.removeFolder });
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
  return memoryLimitBytes === undefined && maxProcesses === undefined ? undefined : { memoryLimitBytes, maxProcesses };
}
