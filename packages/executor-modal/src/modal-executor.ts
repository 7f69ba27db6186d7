import { carrierSession, pipInstall, supervisorBoot, throwIfAborted, unlessAborted } from "@codelet/bridge";
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
        await sandbox.terminate().catch(() => {}); // what can't be ended now ends when it is idle
        sandbox.detach();
        client.close();
      };
      onProgress?.(`starting a sandbox of ${resolved.image}`);
      const creation = createSandbox(client, resolved, signal);
      void creation.catch(() => client.close());
      let sandbox: Sandbox | undefined;
      try {
        const created = await unlessAborted(signal, creation, end);
        sandbox = created;
        const { argv, input } = supervisorBoot({ seed, orphanTimeoutMs: Math.min(orphanTimeoutMs, maxLifetimeMs) });
        const command = ["sh", "-c", 'cd "$(mktemp -d)" && exec "$@"', "sh", ...argv];
        const process = await unlessAborted(signal, created.exec(command, { mode: "binary", stderr: "ignore" }));
        const carrier = execCarrier(process, () => end(created));
        await unlessAborted(signal, carrier.send(input));
        return await carrierSession({ executor: name, open, carrier, graceMs });
      } catch (error) {
        if (sandbox !== undefined) await end(sandbox);
        throw modalError(error, "start a sandbox");
      }
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

async function connect({ tokenId, tokenSecret, environment }: ResolvedModalOptions): Promise<ModalClient> {
  const { ModalClient } = await loadSdk();
  try {
    const client = new ModalClient({ ...(tokenId && { tokenId }), ...(tokenSecret && { tokenSecret }), ...(environment && { environment }) });
    if (hasCredentials(client)) return client;
    client.close();
  } catch (error) {
    throw modalError(error, "use the account");
  }
  throw new ConfigurationError("Modal needs a token: set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or pass `tokenId` and `tokenSecret`.");
}

/** The SDK looks for them at its first call, and has no code for their lack. */
function hasCredentials({ profile: { tokenId, tokenSecret, oauthRefreshToken } }: ModalClient): boolean {
  return Boolean((tokenId && tokenSecret) || oauthRefreshToken);
}

async function createSandbox(client: ModalClient, options: ResolvedModalOptions, signal: AbortSignal | undefined): Promise<Sandbox> {
  const { memoryMib, cpu, blockNetwork, allowedDomains, env, maxLifetimeMs, orphanTimeoutMs } = options;
  const app = await client.apps.fromName(options.app, { createIfMissing: true });
  throwIfAborted(signal);
  const image = await imageOf(client, options).build(app); // which may take minutes
  throwIfAborted(signal);
  return client.sandboxes.create(app, image, {
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
}

function imageOf(client: ModalClient, { image, dockerfileCommands, packages }: ResolvedModalOptions): Image {
  const layers = [...dockerfileCommands];
  if (packages.length > 0) layers.push(`RUN ${JSON.stringify(pipInstall(packages))}`);
  const base = client.images.fromRegistry(image);
  return layers.length === 0 ? base : base.dockerfileCommands(layers);
}
