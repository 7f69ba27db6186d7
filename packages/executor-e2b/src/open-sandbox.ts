import { machineOf, pipInstall, shellCommand, supervisorBoot, unlessAborted } from "@codelet/bridge";
import { AbortedError, ConfigurationError, type Json, type OpenSessionOptions, type SessionRef } from "@codelet/core";
import type { CommandExitError, Sandbox } from "@e2b/code-interpreter";
import { loadSdk } from "./load-sdk.ts";
import { apiKeyOf, type ResolvedE2bOptions } from "./options.ts";
import { providerError } from "./provider-error.ts";
import { killSandbox, type SandboxCarrier, sandboxCarrier } from "./sandbox-carrier.ts";

export interface OpenedSandbox {
  readonly carrier: SandboxCarrier;
  /** How it is found again. */
  readonly machine: { readonly sandboxId: string; readonly pid: number };
}

const installTimeoutMs = 600_000;
/** Below what the bridge sends at once; a request of E2B may be larger. */
const maxInputChars = 256 * 1024;

/** A sandbox with a supervisor in it: a new one, or that of a reference. Rejects with typed errors, and leaves nothing then. */
export async function openSandbox(options: ResolvedE2bOptions, open: OpenSessionOptions): Promise<OpenedSandbox> {
  const machine = open.restore === undefined ? undefined : readMachine(open.restore);
  const apiKey = apiKeyOf(options);
  const api = await loadSdk();
  const connection = { apiKey, requestTimeoutMs: options.requestTimeoutMs, timeoutMs: options.timeoutMs };
  const find = (sandboxId: string): Promise<Sandbox> => api.connect(sandboxId, connection);
  const shared = { find, apiKey, options };
  if (machine !== undefined) {
    const { sandboxId, pid } = machine;
    try {
      const sandbox = await find(sandboxId);
      const carrier = await sandboxCarrier({ ...shared, sandbox, attach: (listeners) => sandbox.commands.connect(pid, listeners) });
      return { carrier, machine };
    } catch (error) {
      throw providerError(error, "Finding the sandbox of the session failed", apiKey);
    }
  }

  const { packages, allowInternetAccess, template, metadata, envs } = options;
  const isInstalling = packages.length > 0;
  const creation = api.create(template, {
    ...connection,
    timeoutMs: options.timeoutMs + (isInstalling ? installTimeoutMs : 0),
    metadata,
    envs,
    allowInternetAccess: allowInternetAccess || isInstalling,
    network: { allowPublicTraffic: false },
  });
  let sandbox: Sandbox | undefined;
  let carrier: SandboxCarrier | undefined;
  try {
    sandbox = await unlessAborted(open.signal, creation, killSandbox);
    if (isInstalling) await install(sandbox, options, open);
    const { argv, input } = supervisorBoot({ seed: open.seed, orphanTimeoutMs: options.timeoutMs });
    const created = sandbox;
    carrier = await sandboxCarrier({
      ...shared,
      sandbox,
      attach: (listeners) => created.commands.run(`exec ${shellCommand(argv)}`, { ...listeners, background: true, stdin: true }),
    });
    for (let start = 0; start < input.length; start += maxInputChars) await carrier.send(input.slice(start, start + maxInputChars));
    return { carrier, machine: { sandboxId: sandbox.sandboxId, pid: carrier.pid } };
  } catch (error) {
    if (carrier !== undefined) await carrier.close();
    else if (sandbox !== undefined) await killSandbox(sandbox);
    throw open.signal?.aborted === true ? new AbortedError(open.signal.reason) : providerError(error, "Opening a sandbox failed", apiKey);
  }
}

/** With the internet, which is taken away again before any code runs. */
async function install(sandbox: Sandbox, { packages, allowInternetAccess, timeoutMs }: ResolvedE2bOptions, open: OpenSessionOptions): Promise<void> {
  open.onProgress?.(`Installing ${packages.join(", ")}`);
  try {
    // As root, into the interpreter's own folder: the code's interpreter looks at no user's.
    await sandbox.commands.run(shellCommand(pipInstall(packages)), {
      user: "root",
      timeoutMs: installTimeoutMs,
      ...(open.signal && { signal: open.signal }),
    });
  } catch (error) {
    const { name, stderr } = error as Partial<CommandExitError>;
    if (name !== "CommandExitError") throw error;
    throw new ConfigurationError(`pip can't install ${packages.join(", ")}. Check \`packages\`. ${stderr?.trim().slice(-500)}`);
  }
  if (!allowInternetAccess) await sandbox.updateNetwork({ allowInternetAccess: false });
  await sandbox.setTimeout(timeoutMs);
}

function readMachine(reference: SessionRef): OpenedSandbox["machine"] {
  const { sandboxId, pid } = (machineOf(reference, "e2b") ?? {}) as Readonly<Record<string, Json>>;
  if (typeof sandboxId === "string" && /^[\w-]+$/.test(sandboxId) && Number.isSafeInteger(pid)) return { sandboxId, pid: pid as number };
  throw new ConfigurationError("The reference names no sandbox of E2B.");
}
