import { Readable, Writable } from "node:stream";
import { endMachine, isAccessKey, machineExecutor, pipInstall, type StartedMachine, supervisorBoot, throwIfAborted } from "@codelet/bridge";
import { ConfigurationError, type Executor, type OpenSessionOptions } from "@codelet/core";
import type { Image, ModalClient, Sandbox } from "modal";
import { loadSdk } from "./load-sdk.ts";
import { modalError } from "./modal-error.ts";
import { type ModalExecutorOptions, type ResolvedModalOptions, resolveOptions } from "./options.ts";

interface Machine {
  readonly client: ModalClient;
  readonly sandbox: Sandbox;
}

/**
 * An executor that gives each session a sandbox of Modal (gVisor) without a network, over the streams of one command; no secret goes in.
 *
 * `open` rejects with `configuration` when the account or an option is refused, with `missing-package` when the SDK is not installed, with `executor-crashed` when no sandbox can be had now.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: modalExecutor({ packages: ["pandas"], memoryMib: 4_096 }) });
 */
export function modalExecutor(options: ModalExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const { blockNetwork, allowedDomains, packages, dockerfileCommands, graceMs } = resolved;
  const openNetwork = allowedDomains === undefined ? "full" : "allowlist";
  return machineExecutor<Machine>({
    name: "modal",
    capabilities: {
      isolation: 4,
      network: blockNetwork ? "none" : openNetwork,
      packages: packages.length + dockerfileCommands.length > 0 ? "fetched" : "fixed",
    },
    graceMs,
    create: (open) => createSandbox(resolved, open),
    start: (machine, open) => startSupervisor(machine, resolved, open),
    remove,
    explain: modalError,
  });
}

/** Closes the client when there is no sandbox to be had. */
async function createSandbox(options: ResolvedModalOptions, { signal, onProgress }: OpenSessionOptions): Promise<Machine> {
  const { tokenId, tokenSecret, environment, memoryMib, cpu, blockNetwork, allowedDomains, env, maxLifetimeMs, orphanTimeoutMs } = options;
  const { ModalClient } = await loadSdk();
  const client = new ModalClient({ ...(tokenId && { tokenId }), ...(tokenSecret && { tokenSecret }), ...(environment && { environment }) });
  try {
    checkCredentials(client);
    onProgress?.(`starting a sandbox of ${options.image}`);
    const app = await client.apps.fromName(options.app, { createIfMissing: true });
    throwIfAborted(signal);
    const image = await imageOf(client, options).build(app); // which may take minutes
    throwIfAborted(signal);
    const sandbox = await client.sandboxes.create(app, image, {
      cpu,
      cpuLimit: cpu,
      blockNetwork,
      env: { ...env },
      memoryMiB: memoryMib,
      memoryLimitMiB: memoryMib,
      timeoutMs: maxLifetimeMs,
      idleTimeoutMs: Math.min(Math.ceil(orphanTimeoutMs / 1_000) * 1_000 + 30_000, maxLifetimeMs),
      tags: { codelet: "session" },
      ...(allowedDomains !== undefined && { outboundDomainAllowlist: [...allowedDomains] }),
    });
    return { client, sandbox };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** The SDK looks at them in its first call, whose error shows what can't be sent and has no code for what isn't there. */
function checkCredentials({ profile }: ModalClient): void {
  const { tokenId, tokenSecret, oauthRefreshToken, oauthClientId, oauthClientSecret } = profile;
  const advice = "set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or pass `tokenId` and `tokenSecret`.";
  if (!(tokenId && tokenSecret) && !oauthRefreshToken) throw new ConfigurationError(`Modal needs a token: ${advice}`);
  const sent = [tokenId, tokenSecret, oauthRefreshToken, oauthClientId, oauthClientSecret].filter(Boolean);
  if (!sent.every(isAccessKey)) throw new ConfigurationError(`Modal's token holds spaces or other characters that no token has: ${advice}`);
}

function imageOf(client: ModalClient, { image, dockerfileCommands, packages }: ResolvedModalOptions): Image {
  const layers = [...dockerfileCommands];
  if (packages.length > 0) layers.push(`RUN ${JSON.stringify(pipInstall(packages))}`);
  const base = client.images.fromRegistry(image);
  return layers.length === 0 ? base : base.dockerfileCommands(layers);
}

async function startSupervisor({ sandbox }: Machine, options: ResolvedModalOptions, { seed }: OpenSessionOptions): Promise<StartedMachine> {
  const { argv, input } = supervisorBoot({ seed, orphanTimeoutMs: Math.min(options.orphanTimeoutMs, options.maxLifetimeMs) });
  const command = ["sh", "-c", 'cd "$(mktemp -d)" && exec "$@"', "sh", ...argv];
  // The SDK resumes its streams by offset when its connection breaks: what is lost here is lost for good.
  const { stdin, stdout } = await sandbox.exec(command, { mode: "binary", stderr: "ignore" });
  return { stdio: { stdin: Writable.fromWeb(stdin as never), stdout: Readable.fromWeb(stdout as never) }, input };
}

async function remove({ client, sandbox }: Machine): Promise<void> {
  await endMachine(() => sandbox.terminate());
  sandbox.detach();
  client.close();
}
