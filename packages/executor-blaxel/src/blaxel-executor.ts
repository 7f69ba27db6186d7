import { randomBytes, randomInt } from "node:crypto";
import type { SandboxInstance } from "@blaxel/core";
import {
  carrierSession,
  endMachine,
  httpCarrier,
  machineOf,
  pipInstall,
  shellCommand,
  supervisorBoot,
  throwIfAborted,
  unlessAborted,
} from "@codelet/bridge";
import {
  CodeletError,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  ExecutorCrashedError,
  type OpenSessionOptions,
} from "@codelet/core";
import { blaxelError, isNotFound, useAccount } from "./account.ts";
import { loadSdk } from "./load-sdk.ts";
import { type BlaxelExecutorOptions, type ResolvedBlaxelOptions, resolveOptions } from "./options.ts";

const name = "blaxel";

interface Machine {
  readonly sandbox: string;
  readonly port: number;
  readonly token: string;
  readonly [key: string]: string | number;
}

type Api = typeof SandboxInstance;

interface Found {
  readonly machine: Machine;
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
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      const { signal } = open;
      const sdk = await loadSdk();
      useAccount(sdk, resolved);
      const api = sdk.SandboxInstance;
      const { machine, sandbox } =
        open.restore === undefined ? await start(api, resolved, open) : await find(api, machineOf(open.restore, name) as Machine, signal);
      const leaveNothing = async (error: unknown): Promise<never> => {
        if (open.restore === undefined) await remove(api, machine.sandbox); // a session that was found may be asked for again
        throw blaxelError(error, `reach the sandbox ${machine.sandbox}`);
      };
      const carrier = await httpCarrier({
        request: (path, init) => sandbox.fetch(machine.port, path, init),
        token: machine.token,
        close: () => remove(api, machine.sandbox),
        isGone: () => isGone(api, machine.sandbox),
        startTimeoutMs: resolved.startTimeoutMs,
        signal,
      }).catch(leaveNothing);
      return carrierSession({ executor: name, open, carrier, machine, graceMs: resolved.graceMs, detachedTimeoutMs: resolved.idleMinutes * 60_000 });
    },
  };
}

function capabilitiesOf({ packages, allowedDomains }: ResolvedBlaxelOptions): ExecutorCapabilities {
  return {
    isolation: 4,
    network: allowedDomains === undefined ? "full" : "allowlist",
    files: "own",
    processes: "own",
    threads: true,
    packages: packages.length > 0 ? "installed" : "fixed",
    richOutput: true,
    fileTransfer: true,
    recovery: { pinned: true, snapshot: false, replay: false },
    limits: { memory: "none", processes: "none", output: true }, // the machine's own: what they cost is not known to us
  };
}

async function start(api: Api, options: ResolvedBlaxelOptions, { seed, signal, onProgress }: OpenSessionOptions): Promise<Found> {
  const { image, memoryMib, region, labels, env, packages, allowedDomains, idleMinutes } = options;
  throwIfAborted(signal);
  const machine: Machine = {
    sandbox: `codelet-${randomBytes(6).toString("hex")}`,
    port: randomInt(20_000, 32_000),
    token: randomBytes(24).toString("hex"),
  };
  onProgress?.(`starting a sandbox of ${image}`);
  try {
    const creation = api.create({
      name: machine.sandbox,
      image,
      memory: memoryMib,
      ports: [{ target: machine.port, protocol: "HTTP" }],
      labels: { ...labels, codelet: "session" },
      lifecycle: { expirationPolicies: [{ type: "ttl-idle", value: `${Math.ceil(idleMinutes)}m`, action: "delete" }] },
      ...(region !== undefined && { region }),
      ...(allowedDomains !== undefined && {
        network: { firewall: { rulesets: ["proxy"] }, proxy: { allowedDomains: [...allowedDomains] } } as never,
      }),
    });
    const sandbox = await unlessAborted(signal, creation, () => remove(api, machine.sandbox));
    if (packages.length > 0) {
      onProgress?.(`installing ${packages.join(", ")}`);
      const command = shellCommand(pipInstall(packages));
      const installation = sandbox.process.exec({ name: "codelet-packages", command, waitForCompletion: true, timeout: 0 });
      const { exitCode, logs } = await unlessAborted(signal, installation);
      if (exitCode !== 0) throw new ConfigurationError(`pip could not install ${packages.join(", ")}: ${String(logs).trim().split("\n").at(-1)}`);
    }
    const { argv } = supervisorBoot({ seed, port: machine.port, orphanTimeoutMs: idleMinutes * 60_000 });
    // A folder of its own: the process's would be the root of the machine. Without a timeout, and kept alive, or the sandbox sleeps while code waits.
    const command = `cd "$(mktemp -d)" && exec ${shellCommand(argv)}`;
    const starting = sandbox.process.exec({
      name: "codelet",
      command,
      env: { ...env, CODELET_TOKEN: machine.token },
      keepAlive: true,
      timeout: 0,
      waitForCompletion: false,
    });
    await unlessAborted(signal, starting);
    return { machine, sandbox };
  } catch (error) {
    await remove(api, machine.sandbox);
    throw blaxelError(error, "start a sandbox");
  }
}

async function find(api: Api, machine: Machine, signal: AbortSignal | undefined): Promise<Found> {
  try {
    const sandbox = await unlessAborted(signal, api.get(machine.sandbox));
    if (!isOver(sandbox)) return { machine, sandbox };
  } catch (error) {
    if (!isNotFound(error)) throw blaxelError(error, `find the sandbox ${machine.sandbox}`);
  }
  throw new ExecutorCrashedError(`The sandbox ${machine.sandbox} is gone, and its variables are lost: open a new session.`);
}

function isOver({ status }: SandboxInstance): boolean {
  return status === "DELETING" || status === "TERMINATED" || status === "FAILED";
}

/** Whether Blaxel knows for sure that it won't come back: a port that answers nothing may only be slow. Rejects with `configuration` when the key is refused. */
async function isGone(api: Api, sandbox: string): Promise<boolean> {
  try {
    return isOver(await api.get(sandbox));
  } catch (error) {
    if (isNotFound(error)) return true;
    const said = blaxelError(error, `find the sandbox ${sandbox}`);
    if (CodeletError.isInstance(said, "configuration")) throw said;
    return false;
  }
}

/** Never rejects: what can't be deleted now ends when it is idle. */
function remove(api: Api, sandbox: string): Promise<void> {
  return endMachine(async () => {
    try {
      await api.delete(sandbox);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  });
}
