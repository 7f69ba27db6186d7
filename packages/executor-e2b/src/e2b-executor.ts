import {
  accessKey,
  endMachine,
  importSdk,
  installPackages,
  machineExecutor,
  machineGone,
  readReference,
  type StartedMachine,
  type Stdio,
  shellCommand,
  supervisorBoot,
  throwIfAborted,
} from "@codelet/bridge";
import type { Executor, Json, OpenSessionOptions } from "@codelet/core";
import type { CommandExitError, Sandbox, SandboxConnectOpts } from "@e2b/code-interpreter";
import { e2bError } from "./e2b-error.ts";
import { type E2bExecutorOptions, type ResolvedE2bOptions, resolveOptions } from "./options.ts";
import { sandboxStdio } from "./sandbox-stdio.ts";

/** A paused sandbox sleeps as long as E2B keeps it, and its supervisor waits for a host when it wakes. */
const pausedTimeoutMs = 90 * 24 * 3_600_000;
const installTimeoutMs = 600_000;

/** How the supervisor of a sandbox is found. */
type Reference = { readonly sandboxId: string; readonly pid: number };

/**
 * An executor that runs Python in E2B's cloud, a microVM for each session: without the internet unless you allow it, paused while its session is detached.
 *
 * `open` rejects with `configuration` when E2B refuses the key, the template or the plan, with `missing-package` when its SDK is not installed, and with
 * `executor-crashed` when E2B can't be reached, is busy or limits the rate; each message says what to do. Whatever ends without a word to E2B ends there
 * after `timeoutMs`.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: e2bExecutor({ packages: ["pandas"] }) });
 */
export function e2bExecutor(options: E2bExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const { allowInternetAccess, packages, graceMs, whenDetached, timeoutMs } = resolved;
  return machineExecutor<Sandbox>({
    name: "e2b",
    capabilities: {
      isolation: 4,
      network: allowInternetAccess ? "full" : "none",
      packages: packages.length > 0 ? "installed" : "fixed",
    },
    graceMs,
    detachedTimeoutMs: whenDetached === "pause" ? pausedTimeoutMs : timeoutMs,
    create: (open) => createSandbox(resolved, open),
    start: (sandbox, open) => startSupervisor(sandbox, resolved, open),
    remove: (sandbox) => endMachine(() => sandbox.kill()),
    pinned: {
      find: (reference) => findSandbox(partsOf(reference).sandboxId, resolved),
      attach: (sandbox, reference) => attachAgain(sandbox, partsOf(reference).pid, resolved),
      leave(sandbox) {
        const prolong = (): Promise<void> => sandbox.setTimeout(timeoutMs);
        return whenDetached === "pause" ? sandbox.pause().catch(prolong) : prolong(); // what can't be paused waits as what isn't to be
      },
    },
    explain: (thrown, doing) => e2bError(thrown, doing, resolved),
  });
}

/** The SDK, an install of the user's. Rejects with `missing-package`, and with `configuration` when it can't be loaded. */
async function loadSdk(): Promise<typeof Sandbox> {
  const resolve = (): string => import.meta.resolve("@e2b/code-interpreter");
  return (await importSdk(() => import("@e2b/code-interpreter"), { resolve, install: "@e2b/code-interpreter", user: "The E2B executor" })).Sandbox;
}

/** What requests to E2B's API have in common. Throws `configuration` for a key that is none. */
function accessOf({ apiKey, requestTimeoutMs }: ResolvedE2bOptions): SandboxConnectOpts {
  const advice = "get one at https://e2b.dev/dashboard?tab=keys and set E2B_API_KEY, or pass `apiKey`";
  return { apiKey: accessKey(apiKey, { variable: "E2B_API_KEY", advice, isNeeded: true }), requestTimeoutMs };
}

async function createSandbox(options: ResolvedE2bOptions, { signal }: OpenSessionOptions): Promise<Sandbox> {
  const { packages, allowInternetAccess, template, metadata, envs, timeoutMs } = options;
  const isInstalling = packages.length > 0;
  const api = await loadSdk();
  throwIfAborted(signal);
  return api.create(template, {
    ...accessOf(options),
    timeoutMs: timeoutMs + (isInstalling ? installTimeoutMs : 0),
    metadata,
    envs,
    allowInternetAccess: allowInternetAccess || isInstalling,
    network: { allowPublicTraffic: false },
  });
}

async function startSupervisor(sandbox: Sandbox, options: ResolvedE2bOptions, open: OpenSessionOptions): Promise<StartedMachine> {
  if (options.packages.length > 0) await install(sandbox, options, open);
  const { argv, input } = supervisorBoot({ seed: open.seed, orphanTimeoutMs: options.timeoutMs });
  const { pid, ...stdio } = await sandboxStdio(sandbox, options.timeoutMs, (listeners) =>
    sandbox.commands.run(`exec ${shellCommand(argv)}`, { ...listeners, background: true, stdin: true }),
  );
  return { stdio, input, reference: { sandboxId: sandbox.sandboxId, pid } };
}

/** With the internet, which is taken away again before any code runs. */
async function install(sandbox: Sandbox, { packages, allowInternetAccess, timeoutMs }: ResolvedE2bOptions, open: OpenSessionOptions): Promise<void> {
  const { signal } = open;
  await installPackages(packages, open, async (command) => {
    // As root, into the interpreter's own folder: the code's interpreter looks at no user's.
    const running = sandbox.commands.run(command, { user: "root", timeoutMs: installTimeoutMs, ...(signal && { signal }) });
    const { exitCode, stderr } = await running.catch((error: CommandExitError) => {
      if (error.name === "CommandExitError") return error;
      throw error;
    });
    return { exitCode, output: stderr };
  });
  if (!allowInternetAccess) await sandbox.updateNetwork({ allowInternetAccess: false });
  await sandbox.setTimeout(timeoutMs);
}

function partsOf(reference: Json): Reference {
  return readReference<Reference>(reference, "sandbox of E2B", { sandboxId: /^[\w-]{1,100}$/, pid: Number.isSafeInteger });
}

/** Wakes it when it sleeps. Of a sandbox that can't be reached the SDK guesses that it is gone: E2B's API, which is asked here, knows it. */
async function findSandbox(sandboxId: string, options: ResolvedE2bOptions): Promise<Sandbox | undefined> {
  const api = await loadSdk();
  try {
    return await api.connect(sandboxId, { ...accessOf(options), timeoutMs: options.timeoutMs });
  } catch (error) {
    if ((error as Error).name === "SandboxNotFoundError") return undefined;
    throw error;
  }
}

/** Of a process that has ended its sandbox knows; E2B's API, which `findSandbox` asks, knows sandboxes only. */
async function attachAgain(sandbox: Sandbox, pid: number, options: ResolvedE2bOptions): Promise<Stdio> {
  try {
    return await sandboxStdio(sandbox, options.timeoutMs, (listeners) => sandbox.commands.connect(pid, listeners));
  } catch (error) {
    if ((error as Error).name === "NotFoundError") throw machineGone(e2bError(error, "find the session", options).message);
    throw error;
  }
}
