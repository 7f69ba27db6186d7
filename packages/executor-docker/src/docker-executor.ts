import { type MachineCapabilities, machineExecutor, readReference, type StartedMachine, supervisorBoot, throwIfAborted } from "@codelet/bridge";
import { ConfigurationError, type Executor, type Json, type OpenSessionOptions } from "@codelet/core";
import { containerOptions } from "./container.ts";
import { connectEngine, engineError, engineTypeOf, refused } from "./engine.ts";
import { ensureImage } from "./image.ts";
import { type DockerExecutorOptions, type ResolvedDockerOptions, resolveOptions } from "./options.ts";
import { SessionContainer } from "./session-container.ts";
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
  const { engineType, graceMs, detachedTimeoutMs } = resolved;
  const pinned = {
    find: async (reference: Json) => findContainer(reference, resolved),
    attach: (session: SessionContainer) => session.attachAgain(),
  };
  return machineExecutor<SessionContainer>({
    name: "docker",
    capabilities: capabilitiesOf(resolved),
    graceMs,
    detachedTimeoutMs,
    create: (open) => createContainer(resolved, open),
    start: startSupervisor,
    remove: (session) => session.remove(),
    pinned: engineType === "docker" ? pinned : undefined,
    explain: engineError,
  });
}

function capabilitiesOf({ runtime, network, mounts, packages }: ResolvedDockerOptions): MachineCapabilities {
  const writesElsewhere = mounts.some(({ writable }) => writable);
  return {
    isolation: runtime === "runsc" ? 4 : 3,
    network: network === "none" ? "none" : "full",
    files: writesElsewhere ? "host" : "own",
    packages: packages.length > 0 ? "fetched" : "fixed",
    // A new container has empty folders; what it can't reach it can't have changed.
    recovery: { replay: network === "none" && !writesElsewhere ? "workdir" : false },
    limits: { memory: "cgroup", processes: "cgroup", output: true },
  };
}

async function createContainer(options: ResolvedDockerOptions, open: OpenSessionOptions): Promise<SessionContainer> {
  const docker = connectEngine(options.engine);
  const engineType = await engineTypeOf(docker);
  if (engineType !== options.engineType)
    throw new ConfigurationError(`The engine is ${engineType}: say \`engineType: "${engineType}"\`, which decides what the executor claims.`);
  void sweepCreated(docker); // no session waits for it
  const image = await ensureImage(docker, options, open);
  throwIfAborted(open.signal);
  const { argv } = supervisorBoot({ seed: open.seed, orphanTimeoutMs: options.orphanTimeoutMs });
  const container = await docker.createContainer(containerOptions(options, image, argv)).catch(refused(`create a container of the image ${image}`));
  return new SessionContainer(docker, container, image);
}

async function startSupervisor(session: SessionContainer): Promise<StartedMachine> {
  const { container, image } = session;
  const failed = refused(`start a container of the image ${image}, which needs Python 3.9 or newer as \`python3\``);
  const stdio = await session.attach().catch(failed); // Podman makes it ready at this point
  await container.start().catch(failed);
  return { stdio, input: supervisorBoot().input, reference: { containerId: container.id } };
}

/** The engine is not asked: `attach` does that. */
function findContainer(reference: Json, { engine, image }: ResolvedDockerOptions): SessionContainer {
  const { containerId } = readReference<{ containerId: string }>(reference, "container", { containerId: /^[0-9a-f]{12,64}$/ });
  const docker = connectEngine(engine);
  return new SessionContainer(docker, docker.getContainer(containerId), image);
}
