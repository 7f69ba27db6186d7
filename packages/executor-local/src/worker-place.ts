import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { type BootOptions, workerArguments } from "./bootstrap.ts";
import { bubblewrapCommand, type Command, sandboxFolder } from "./bubblewrap.ts";
import { enforcementOf } from "./enforcement.ts";
import { findCommand } from "./find-command.ts";
import type { Interpreter } from "./interpreter.ts";
import type { ResolvedLocalOptions } from "./options.ts";
import { sandboxPaths } from "./sandbox-paths.ts";
import { sandboxRuntimeCommand } from "./sandbox-runtime.ts";
import { makeSessionFolder } from "./session-folder.ts";
import { architectureUnsupported, bubblewrapMissing } from "./start-diagnosis.ts";
import { systemCallFilter } from "./system-call-filter.ts";
import { isRoot } from "./unprivileged-user.ts";
import { workerEnvironment } from "./worker-environment.ts";

export interface WorkerPlaceOptions {
  readonly interpreter: Interpreter;
  readonly options: ResolvedLocalOptions;
  readonly seed: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Where a worker runs, and what is left to do when it is gone. */
export interface WorkerPlace {
  readonly command: Command;
  /** A variable that finds processes which left the worker's group; undefined where a pid namespace holds them. */
  readonly marker: string | undefined;
  /** Never rejects. */
  readonly onGone: () => Promise<void>;
}

/** What most systems give a process. The host's own limit may be a million, and its kernel opens no more files for anybody beyond some number in all. */
const maxOpenFiles = 1024;

/** In the environment of every process of a session, also of those that leave its process group. */
const markerName = "CODELET_SESSION";

/** A sandbox has no list of users: without the variable, `getpass.getuser()` fails there, and with it libraries that name a folder after the user. */
const sandboxUser = { USER: "sandbox" };

/** The command of a worker and its folder. Rejects with `configuration` or `missing-package` when the sandbox of the options can't be. */
export function workerPlace(options: WorkerPlaceOptions): Promise<WorkerPlace> {
  switch (options.options.sandbox) {
    case "required":
      return inBubblewrap(options);
    case "sandbox-runtime":
      return inSandboxRuntime(options);
    case "none":
      return inTheOpen(options);
  }
}

async function inBubblewrap({ interpreter, options, seed }: WorkerPlaceOptions): Promise<WorkerPlace> {
  const bwrap = findCommand("bwrap");
  if (bwrap === undefined) throw bubblewrapMissing();
  const filter = systemCallFilter();
  if (filter === undefined) throw architectureUnsupported(process.arch);
  const command = bubblewrapCommand({
    bwrap,
    setpriv: findCommand("setpriv"),
    unshare: findCommand("unshare"),
    asRoot: isRoot(),
    paths: sandboxPaths(interpreter),
    diskLimitBytes: options.diskLimitBytes,
    filter,
    env: workerEnvironment({ interpreter, folder: sandboxFolder, seed, env: { ...sandboxUser, ...options.env } }),
    argv: workerArguments(interpreter, bootOptions(options)),
  });
  return { command, marker: undefined, onGone: async () => {} }; // The folder is the sandbox's own memory.
}

async function inSandboxRuntime({ interpreter, options, seed, signal }: WorkerPlaceOptions): Promise<WorkerPlace> {
  const made = await makeSessionFolder();
  try {
    const folder = realpathSync(made.path);
    const { env, marker } = marked(workerEnvironment({ interpreter, folder, seed, env: { ...sandboxUser, ...options.env } }));
    const argv = workerArguments(interpreter, bootOptions(options));
    const command = await sandboxRuntimeCommand({ interpreter, folder, diskLimitBytes: options.diskLimitBytes, env, argv, signal });
    return { command, marker: process.platform === "linux" ? undefined : marker, onGone: made.remove };
  } catch (error) {
    await made.remove();
    throw error;
  }
}

async function inTheOpen({ interpreter, options, seed }: WorkerPlaceOptions): Promise<WorkerPlace> {
  const folder = await makeSessionFolder();
  const { env, marker } = marked(workerEnvironment({ interpreter, folder: folder.path, seed, env: options.env }));
  const [file = "", ...args] = workerArguments(interpreter, bootOptions(options));
  return { command: { file, args, env, cwd: folder.path, fourth: "lifeline" }, marker, onGone: folder.remove };
}

function marked(env: Readonly<Record<string, string>>): { readonly env: Readonly<Record<string, string>>; readonly marker: string } {
  const session = randomUUID();
  return { env: { ...env, [markerName]: session }, marker: `${markerName}=${session}` };
}

function bootOptions(options: ResolvedLocalOptions): BootOptions {
  const isEnclosed = options.sandbox === "required" || (options.sandbox === "sandbox-runtime" && process.platform === "linux");
  return {
    addressSpaceBytes: process.platform === "linux" ? options.memoryLimitBytes : -1,
    maxTasks: enforcementOf(options).processes === "rlimit" ? options.maxProcesses : -1,
    maxOpenFiles: options.sandbox === "none" ? -1 : maxOpenFiles,
    lifeline: isEnclosed ? "none" : "group",
  };
}
