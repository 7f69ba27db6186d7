import {
  type Carrier,
  machineCapabilities,
  machineExecutor,
  readReference,
  type StartedMachine,
  supervisorBoot,
  throwIfAborted,
} from "@codelet/bridge";
import {
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  ExecutorCrashedError,
  type Json,
  type OpenSessionOptions,
} from "@codelet/core";
import type Docker from "dockerode";
import { attachCarrier, isRunning, removeContainer } from "./attach-carrier.ts";
import { containerOptions } from "./container.ts";
import { connectEngine, engineError, engineTypeOf, refused } from "./engine.ts";
import { ensureImage } from "./image.ts";
import { type DockerExecutorOptions, type ResolvedDockerOptions, resolveOptions } from "./options.ts";
import { sweepCreated } from "./sweep-created.ts";

/**
 * An executor that gives each session a container of Docker or Podman: no network, no rights, a read-only root, memory, processors and processes
 * limited. It needs no port and no file of the host, and its containers end with their host.
 *
 * `open` rejects with `configuration` when the engine, the image or a right is missing; the message says what to do.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: dockerExecutor({ packages: ["pandas"], memoryLimitBytes: 2 ** 30 }) });
 */
export function dockerExecutor(options: DockerExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const { graceMs, detachedTimeoutMs } = resolved;
  return machineExecutor<Machine>({
    name: "docker",
    capabilities: capabilitiesOf(resolved),
    graceMs,
    detachedTimeoutMs,
    create: (open) => createContainer(resolved, open),
    start: (machine) => startSupervisor(machine, resolved),
    remove: ({ container }) => removeContainer(container),
    find: (reference) => findContainer(reference, resolved),
    explain: engineError,
  });
}

interface Machine {
  readonly docker: Docker;
  readonly container: Docker.Container;
  /** What it is made of, for messages: also one that was built. */
  readonly image: string;
}

function capabilitiesOf({ engineType, runtime, network, mounts, packages }: ResolvedDockerOptions): ExecutorCapabilities {
  const writesElsewhere = mounts.some(({ writable }) => writable);
  return {
    ...machineCapabilities,
    isolation: runtime === "runsc" ? 4 : 3,
    network: network === "none" ? "none" : "full",
    files: writesElsewhere ? "host" : "own",
    packages: packages.length > 0 ? "fetched" : "fixed",
    // A new container has empty folders; what it can't reach it can't have changed.
    recovery: { pinned: engineType === "docker", snapshot: false, replay: network === "none" && !writesElsewhere ? "workdir" : false },
    limits: { memory: "cgroup", processes: "cgroup", output: true },
  };
}

async function createContainer(options: ResolvedDockerOptions, open: OpenSessionOptions): Promise<Machine> {
  const docker = connectEngine(options.engine);
  const engineType = await engineTypeOf(docker);
  if (engineType !== options.engineType)
    throw new ConfigurationError(`The engine is ${engineType}: say \`engineType: "${engineType}"\`, which decides what the executor claims.`);
  void sweepCreated(docker); // no session waits for it
  const image = await ensureImage(docker, options, open);
  throwIfAborted(open.signal);
  const { argv } = supervisorBoot({ seed: open.seed, orphanTimeoutMs: options.orphanTimeoutMs });
  const container = await docker.createContainer(containerOptions(options, image, argv)).catch(refused(`create a container of the image ${image}`));
  return { docker, container, image };
}

async function startSupervisor({ docker, container, image }: Machine, { engineType }: ResolvedDockerOptions): Promise<StartedMachine> {
  const isFoundAgain = engineType === "docker";
  const failed = refused(`start a container of the image ${image}, which needs Python 3.9 or newer as \`python3\``);
  const carrier = await attachCarrier(docker, container, { image, isOnce: !isFoundAgain }).catch(failed); // Podman makes it ready at this point
  await container.start().catch(failed);
  return { carrier, input: supervisorBoot().input, reference: isFoundAgain ? { containerId: container.id } : undefined };
}

async function findContainer(reference: Json, { engine, image }: ResolvedDockerOptions): Promise<Carrier> {
  const { containerId } = readReference<{ containerId: string }>(reference, "container", { containerId: /^[0-9a-f]{12,64}$/ });
  const docker = connectEngine(engine);
  const container = docker.getContainer(containerId);
  if (await isRunning(container)) return attachCarrier(docker, container, { image });
  throw new ExecutorCrashedError(`No session runs in the container ${containerId.slice(0, 12)}, and its variables are lost: open a new session.`);
}
