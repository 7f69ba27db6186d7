import {
  type Carrier,
  installPackages,
  machineCapabilities,
  machineExecutor,
  readReference,
  type StartedMachine,
  shellCommand,
  supervisorBoot,
  throwIfAborted,
} from "@codelet/bridge";
import type { Executor, Json, OpenSessionOptions } from "@codelet/core";
import type { CommandExitError, Sandbox } from "@e2b/code-interpreter";
import { e2bError } from "./e2b-error.ts";
import { loadSdk } from "./load-sdk.ts";
import { apiKeyOf, type E2bExecutorOptions, type ResolvedE2bOptions, resolveOptions } from "./options.ts";
import { findSandbox, killSandbox, sandboxCarrier } from "./sandbox-carrier.ts";

/** A paused sandbox sleeps as long as E2B keeps it, and its supervisor waits for a host when it wakes. */
const pausedTimeoutMs = 90 * 24 * 3_600_000;
const installTimeoutMs = 600_000;

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
      ...machineCapabilities,
      isolation: 4,
      network: allowInternetAccess ? "full" : "none",
      packages: packages.length > 0 ? "installed" : "fixed",
      recovery: { pinned: true, snapshot: false, replay: false },
    },
    graceMs,
    detachedTimeoutMs: whenDetached === "pause" ? pausedTimeoutMs : timeoutMs,
    create: (open) => createSandbox(resolved, open),
    start: (sandbox, open) => startSupervisor(sandbox, resolved, open),
    remove: killSandbox,
    find: (reference) => findSupervisor(reference, resolved),
    explain: (thrown, doing) => e2bError(thrown, doing, resolved),
  });
}

async function createSandbox(options: ResolvedE2bOptions, { signal }: OpenSessionOptions): Promise<Sandbox> {
  const { packages, allowInternetAccess, template, metadata, envs, timeoutMs, requestTimeoutMs } = options;
  const apiKey = apiKeyOf(options);
  const isInstalling = packages.length > 0;
  const api = await loadSdk();
  throwIfAborted(signal);
  return api.create(template, {
    apiKey,
    requestTimeoutMs,
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
  const command = `exec ${shellCommand(argv)}`;
  const carrier = await sandboxCarrier(sandbox, options, (listeners) =>
    sandbox.commands.run(command, { ...listeners, background: true, stdin: true }),
  );
  return { carrier, input, reference: { sandboxId: sandbox.sandboxId, pid: carrier.pid } };
}

/** With the internet, which is taken away again before any code runs. */
async function install(sandbox: Sandbox, { packages, allowInternetAccess, timeoutMs }: ResolvedE2bOptions, open: OpenSessionOptions): Promise<void> {
  const { signal } = open;
  await installPackages(packages, open, async (command) => {
    try {
      // As root, into the interpreter's own folder: the code's interpreter looks at no user's.
      await sandbox.commands.run(command, { user: "root", timeoutMs: installTimeoutMs, ...(signal && { signal }) });
      return { exitCode: 0, output: "" };
    } catch (error) {
      const { name, exitCode = 1, stderr = "" } = error as Partial<CommandExitError>;
      if (name !== "CommandExitError") throw error;
      return { exitCode, output: stderr };
    }
  });
  if (!allowInternetAccess) await sandbox.updateNetwork({ allowInternetAccess: false });
  await sandbox.setTimeout(timeoutMs);
}

async function findSupervisor(reference: Json, options: ResolvedE2bOptions): Promise<Carrier> {
  const parts = { sandboxId: /^[\w-]{1,100}$/, pid: Number.isSafeInteger };
  const { sandboxId, pid } = readReference<{ sandboxId: string; pid: number }>(reference, "sandbox of E2B", parts);
  const sandbox = await findSandbox(sandboxId, options);
  return sandboxCarrier(sandbox, options, (listeners) => sandbox.commands.connect(pid, listeners));
}
