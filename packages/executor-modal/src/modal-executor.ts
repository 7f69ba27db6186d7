import { type Carrier, carrierSession, endMachine, isAccessKey, pipInstall, supervisorBoot, throwIfAborted, unlessAborted } from "@codelet/bridge";
import { ConfigurationError, type Executor, type ExecutorCapabilities } from "@codelet/core";
import type { Image, ModalClient, Sandbox } from "modal";
import { execCarrier } from "./exec-carrier.ts";
import { loadSdk } from "./load-sdk.ts";
import { modalError } from "./modal-error.ts";
import { type ModalExecutorOptions, type ResolvedModalOptions, resolveOptions } from "./options.ts";

const name = "modal";

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
  const { graceMs, orphanTimeoutMs, maxLifetimeMs } = resolved;
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      const { signal, seed, onProgress } = open;
      if (open.restore !== undefined) throw new ConfigurationError("The modal executor can't find a session again, so it has none to restore.");
      throwIfAborted(signal);
      const client = await connect(resolved);
      const end = async (sandbox: Sandbox): Promise<void> => {
        await endMachine(() => sandbox.terminate());
        sandbox.detach();
        client.close();
      };
      onProgress?.(`starting a sandbox of ${resolved.image}`);
      const sandbox = await unlessAborted(signal, createSandbox(client, resolved, signal), end);
      let carrier: Carrier;
      try {
        const { argv, input } = supervisorBoot({ seed, orphanTimeoutMs: Math.min(orphanTimeoutMs, maxLifetimeMs) });
        const command = ["sh", "-c", 'cd "$(mktemp -d)" && exec "$@"', "sh", ...argv];
        const process = await unlessAborted(signal, sandbox.exec(command, { mode: "binary", stderr: "ignore" }));
        carrier = execCarrier(process, () => end(sandbox));
        await unlessAborted(signal, carrier.send(input));
      } catch (error) {
        await end(sandbox);
        throw modalError(error, "start a sandbox");
      }
      return carrierSession({ executor: name, open, carrier, graceMs });
    },
  };
}

function capabilitiesOf({ blockNetwork, allowedDomains, packages, dockerfileCommands }: ResolvedModalOptions): ExecutorCapabilities {
  const openNetwork = allowedDomains === undefined ? "full" : "allowlist";
  return {
    isolation: 4,
    network: blockNetwork ? "none" : openNetwork,
    files: "own",
    processes: "own",
    threads: true,
    packages: packages.length + dockerfileCommands.length > 0 ? "fetched" : "fixed",
    richOutput: true,
    fileTransfer: true,
    recovery: { pinned: false, snapshot: false, replay: false },
    limits: { memory: "none", processes: "none", output: true }, // the sandbox's own: what they cost is not known to us
  };
}

/** The caller closes it. */
async function connect({ tokenId, tokenSecret, environment }: ResolvedModalOptions): Promise<ModalClient> {
  const { ModalClient } = await loadSdk();
  try {
    const client = new ModalClient({ ...(tokenId && { tokenId }), ...(tokenSecret && { tokenSecret }), ...(environment && { environment }) });
    checkCredentials(client);
    return client;
  } catch (error) {
    throw modalError(error, "use the account");
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

/** Closes the client when there is no sandbox to be had. */
async function createSandbox(client: ModalClient, options: ResolvedModalOptions, signal: AbortSignal | undefined): Promise<Sandbox> {
  const { memoryMib, cpu, blockNetwork, allowedDomains, env, maxLifetimeMs, orphanTimeoutMs } = options;
  try {
    const app = await client.apps.fromName(options.app, { createIfMissing: true });
    throwIfAborted(signal);
    const image = await imageOf(client, options).build(app); // which may take minutes
    throwIfAborted(signal);
    return await client.sandboxes.create(app, image, {
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
  } catch (error) {
    client.close();
    throw modalError(error, "start a sandbox");
  }
}

function imageOf(client: ModalClient, { image, dockerfileCommands, packages }: ResolvedModalOptions): Image {
  const layers = [...dockerfileCommands];
  if (packages.length > 0) layers.push(`RUN ${JSON.stringify(pipInstall(packages))}`);
  const base = client.images.fromRegistry(image);
  return layers.length === 0 ? base : base.dockerfileCommands(layers);
}
