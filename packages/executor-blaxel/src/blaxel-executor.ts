import { randomBytes, randomInt } from "node:crypto";
import type { SandboxInstance } from "@blaxel/core";
import {
  type Carrier,
  endMachine,
  httpCarrier,
  installPackages,
  isAccessKey,
  machineCapabilities,
  machineExecutor,
  readReference,
  type StartedMachine,
  shellCommand,
  supervisorBoot,
  throwIfAborted,
} from "@codelet/bridge";
import { CodeletError, type Executor, ExecutorCrashedError, type OpenSessionOptions } from "@codelet/core";
import { blaxelError, isNotFound, useAccount } from "./account.ts";
import { loadSdk } from "./load-sdk.ts";
import { type BlaxelExecutorOptions, type ResolvedBlaxelOptions, resolveOptions } from "./options.ts";

/** How the supervisor of a sandbox is reached. */
type Address = { readonly sandbox: string; readonly port: number; readonly token: string };
const addressParts = { sandbox: /^codelet-[0-9a-f]{12}$/, port: Number.isSafeInteger, token: isAccessKey };

type Api = typeof SandboxInstance;

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
  const connect = async ({ signal }: OpenSessionOptions): Promise<Api> => {
    const sdk = await loadSdk();
    throwIfAborted(signal);
    useAccount(sdk, resolved);
    return sdk.SandboxInstance;
  };
  return machineExecutor<Machine>({
    name: "blaxel",
    capabilities: {
      ...machineCapabilities,
      isolation: 4,
      network: allowedDomains === undefined ? "full" : "allowlist",
      packages: packages.length > 0 ? "installed" : "fixed",
      recovery: { pinned: true, snapshot: false, replay: false },
    },
    graceMs,
    detachedTimeoutMs: idleMinutes * 60_000,
    create: async (open) => createSandbox(await connect(open), resolved, open),
    start: (machine, open) => startSupervisor(machine, resolved, open),
    remove: ({ api, address }) => remove(api, address.sandbox),
    find: async (reference, open) => {
      const address = readReference<Address>(reference, "sandbox of Blaxel", addressParts);
      return carry(await findSandbox(await connect(open), address), resolved, open);
    },
    explain: blaxelError,
  });
}

interface Machine {
  readonly api: Api;
  readonly address: Address;
  readonly sandbox: SandboxInstance;
}

/** Asks for its removal when the answer is an error: a sandbox may have been made all the same. */
async function createSandbox(api: Api, options: ResolvedBlaxelOptions, { onProgress }: OpenSessionOptions): Promise<Machine> {
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
    return { api, address, sandbox };
  } catch (error) {
    await remove(api, address.sandbox);
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
    name: "codelet",
    // A folder of its own: the process's would be the root of the machine. Without a timeout, and kept alive, or the sandbox sleeps while code waits.
    command: `cd "$(mktemp -d)" && exec ${shellCommand(argv)}`,
    env: { ...env, CODELET_TOKEN: address.token },
    keepAlive: true,
    timeout: 0,
    waitForCompletion: false,
  });
  return { carrier: await carry(machine, options, open), reference: address };
}

function carry({ api, address, sandbox }: Machine, { startTimeoutMs }: ResolvedBlaxelOptions, { signal }: OpenSessionOptions): Promise<Carrier> {
  return httpCarrier({
    request: (path, init) => sandbox.fetch(address.port, path, init),
    token: address.token,
    close: () => remove(api, address.sandbox),
    isGone: () => isGone(api, address.sandbox),
    startTimeoutMs,
    signal,
  });
}

async function findSandbox(api: Api, address: Address): Promise<Machine> {
  const sandbox = await lookFor(api, address.sandbox);
  if (sandbox !== undefined) return { api, address, sandbox };
  throw new ExecutorCrashedError(`The sandbox ${address.sandbox} is gone, and its variables are lost: open a new session.`);
}

/** Whether Blaxel knows for sure that it won't come back: a port that answers nothing may only be slow. Rejects with `configuration` when the key is refused. */
async function isGone(api: Api, sandbox: string): Promise<boolean> {
  try {
    return (await lookFor(api, sandbox)) === undefined;
  } catch (error) {
    const said = blaxelError(error, "find the sandbox");
    if (CodeletError.isInstance(said, "configuration")) throw said;
    return false;
  }
}

/** Resolves to undefined for one that is gone. */
async function lookFor(api: Api, name: string): Promise<SandboxInstance | undefined> {
  try {
    const sandbox = await api.get(name);
    return ["DELETING", "TERMINATED", "FAILED"].includes(String(sandbox.status)) ? undefined : sandbox;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Never rejects: what can't be deleted now ends when it is idle. */
function remove(api: Api, sandbox: string): Promise<void> {
  return endMachine(() => api.delete(sandbox), isNotFound);
}
