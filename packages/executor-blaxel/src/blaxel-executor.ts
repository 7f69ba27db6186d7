import { randomBytes, randomInt } from "node:crypto";
import type { SandboxInstance } from "@blaxel/core";
import {
  endMachine,
  httpStdio,
  installPackages,
  isAccessKey,
  machineExecutor,
  readReference,
  type StartedMachine,
  type Stdio,
  shellCommand,
  supervisorBoot,
} from "@codelet/bridge";
import type { Executor, Json, OpenSessionOptions } from "@codelet/core";
import { blaxelError, connect, isNotFound } from "./account.ts";
import { type BlaxelExecutorOptions, type ResolvedBlaxelOptions, resolveOptions } from "./options.ts";

/** How the supervisor of a sandbox is reached. */
type Address = { readonly sandbox: string; readonly port: number; readonly token: string };
const addressParts = { sandbox: /^codelet-[0-9a-f]{12}$/, port: Number.isSafeInteger, token: isAccessKey };

const supervisorName = "codelet";

interface Machine {
  readonly address: Address;
  readonly sandbox: SandboxInstance;
}

/**
 * An executor that gives each session a sandbox of Blaxel, a small virtual machine. Its process is reached through the port proxy of the account,
 * with a token of its own; no secret goes in.
 *
 * `open` rejects with `configuration` when the account or an option is refused, with `missing-package` when the SDK is not installed, with `executor-crashed` when no sandbox can be had now.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: blaxelExecutor({ region: "us-pdx-1", packages: ["pandas"] }) });
 */
export function blaxelExecutor(options: BlaxelExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const { allowedDomains, packages, graceMs, idleMinutes } = resolved;
  return machineExecutor<Machine>({
    name: "blaxel",
    capabilities: {
      isolation: 4,
      network: allowedDomains === undefined ? "full" : "allowlist",
      packages: packages.length > 0 ? "installed" : "fixed",
    },
    graceMs,
    detachedTimeoutMs: idleMinutes * 60_000,
    create: (open) => createSandbox(resolved, open),
    start: (machine, open) => startSupervisor(machine, resolved, open),
    remove: ({ sandbox }) => endMachine(() => sandbox.delete(), isNotFound),
    pinned: {
      find: (reference, open) => findSandbox(reference, resolved, open),
      attach: (machine, _, open) => attach(machine, resolved, open),
    },
    explain: blaxelError,
  });
}

/** Asks for its removal when the answer is an error: a sandbox may have been made all the same. */
async function createSandbox(options: ResolvedBlaxelOptions, { onProgress, signal }: OpenSessionOptions): Promise<Machine> {
  const api = await connect(options, signal);
  const { image, memoryMib, region, labels, allowedDomains, idleMinutes } = options;
  const address: Address = {
    sandbox: `codelet-${randomBytes(6).toString("hex")}`,
    port: randomInt(20_000, 32_000),
    token: randomBytes(24).toString("hex"),
  };
  onProgress?.(`starting a sandbox of ${image}`);
  try {
    const sandbox = await api.create({
      name: address.sandbox,
      image,
      memory: memoryMib,
      ports: [{ target: address.port, protocol: "HTTP" }],
      labels: { ...labels, codelet: "session" },
      lifecycle: { expirationPolicies: [{ type: "ttl-idle", value: `${Math.ceil(idleMinutes)}m`, action: "delete" }] },
      ...(region !== undefined && { region }),
      ...(allowedDomains !== undefined && {
        network: { firewall: { rulesets: ["proxy"] }, proxy: { allowedDomains: [...allowedDomains] } } as never,
      }),
    });
    return { address, sandbox };
  } catch (error) {
    await endMachine(() => api.delete(address.sandbox), isNotFound);
    throw error;
  }
}

async function startSupervisor(machine: Machine, options: ResolvedBlaxelOptions, open: OpenSessionOptions): Promise<StartedMachine> {
  const { sandbox, address } = machine;
  const { packages, idleMinutes, env } = options;
  await installPackages(packages, open, async (command) => {
    const { exitCode, logs } = await sandbox.process.exec({ name: "codelet-packages", command, waitForCompletion: true, timeout: 0 });
    return { exitCode, output: String(logs) };
  });
  const { argv } = supervisorBoot({ seed: open.seed, port: address.port, orphanTimeoutMs: idleMinutes * 60_000 });
  await sandbox.process.exec({
    name: supervisorName,
    // A folder of its own: the process's would be the root of the machine. Without a timeout, and kept alive, or the sandbox sleeps while code waits.
    command: `cd "$(mktemp -d)" && exec ${shellCommand(argv)}`,
    env: { ...env, CODELET_TOKEN: address.token },
    keepAlive: true,
    timeout: 0,
    waitForCompletion: false,
  });
  return { stdio: await attach(machine, options, open), reference: address };
}

function attach({ address, sandbox }: Machine, { startTimeoutMs }: ResolvedBlaxelOptions, open?: OpenSessionOptions): Promise<Stdio> {
  return httpStdio({
    request: (path, init) => sandbox.fetch(address.port, path, init),
    token: address.token,
    isOnce: open === undefined,
    startTimeoutMs,
    signal: open?.signal,
  });
}

/** Resolves to undefined for one that is gone, or whose supervisor is: a port that answers nothing may only be slow. */
async function findSandbox(reference: Json, options: ResolvedBlaxelOptions, { signal }: OpenSessionOptions): Promise<Machine | undefined> {
  const address = readReference<Address>(reference, "sandbox of Blaxel", addressParts);
  const api = await connect(options, signal);
  try {
    const sandbox = await api.get(address.sandbox);
    const isGone = ["DELETING", "TERMINATED", "FAILED"].includes(String(sandbox.status)) || (await hasEnded(sandbox));
    return isGone ? undefined : { address, sandbox };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether the sandbox says that its supervisor has ended. One that says nothing of it is asked through its port. */
async function hasEnded({ process }: SandboxInstance): Promise<boolean> {
  const { status } = await process.get(supervisorName).catch(() => ({ status: undefined }));
  return ["completed", "failed", "killed", "stopped"].includes(String(status));
}
