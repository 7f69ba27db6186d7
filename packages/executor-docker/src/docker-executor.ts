import { carrierSession, machineOf, supervisorBoot, throwIfAborted } from "@codelet/bridge";
import {
  CodeletError,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  ExecutorCrashedError,
  type OpenSessionOptions,
} from "@codelet/core";
import type Docker from "dockerode";
import { type AttachedCarrier, attachCarrier, isRunning, removeContainer } from "./attach-carrier.ts";
import { containerOptions } from "./container.ts";
import { connectEngine, engineError, engineTypeOf, refused } from "./engine.ts";
import { ensureImage } from "./image.ts";
import { type DockerExecutorOptions, type ResolvedDockerOptions, resolveOptions } from "./options.ts";
import { sweepCreated } from "./sweep-created.ts";

const name = "docker";

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
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      const docker = connectEngine(resolved.engine);
      const { container, carrier } =
        open.restore === undefined ? await start(docker, resolved, open) : await find(docker, machineOf(open.restore, name));
      const machine = carrier.detach === undefined ? undefined : { containerId: container.id };
      try {
        return await carrierSession({ executor: name, open, carrier, machine, graceMs, detachedTimeoutMs });
      } catch (error) {
        throw explain(error, carrier, resolved.image);
      }
    },
  };
}

function capabilitiesOf({ engineType, runtime, network, mounts, packages }: ResolvedDockerOptions): ExecutorCapabilities {
  const writesElsewhere = mounts.some(({ writable }) => writable);
  return {
    isolation: runtime === "runsc" ? 4 : 3,
    network: network === "none" ? "none" : "full",
    files: writesElsewhere ? "host" : "own",
    processes: "own",
    threads: true,
    packages: packages.length > 0 ? "fetched" : "fixed",
    richOutput: true,
    fileTransfer: true,
    // A new container has empty folders; what it can't reach it can't have changed.
    recovery: { pinned: engineType === "docker", snapshot: false, replay: network === "none" && !writesElsewhere ? "workdir" : false },
    limits: { memory: "cgroup", processes: "cgroup", output: true },
  };
}

interface Machine {
  readonly container: Docker.Container;
  readonly carrier: AttachedCarrier;
}

async function start(docker: Docker, options: ResolvedDockerOptions, { seed, signal, onProgress }: OpenSessionOptions): Promise<Machine> {
  throwIfAborted(signal);
  const engineType = await engineTypeOf(docker);
  if (engineType !== options.engineType)
    throw new ConfigurationError(`The engine is ${engineType}: say \`engineType: "${engineType}"\`, which decides what the executor claims.`);
  const [image] = await Promise.all([ensureImage(docker, options, { report: (message) => onProgress?.(message), signal }), sweepCreated(docker)]);
  throwIfAborted(signal);
  const { argv, input } = supervisorBoot({ seed, orphanTimeoutMs: options.orphanTimeoutMs });
  const container = await docker.createContainer(containerOptions(options, image, argv)).catch(refused(`create a container of the image ${image}`));
  try {
    throwIfAborted(signal);
    const carrier = await attachCarrier(docker, container, options.engineType === "podman");
    await container.start();
    throwIfAborted(signal);
    await carrier.send(input);
    return { container, carrier };
  } catch (error) {
    await removeContainer(container);
    throw engineError(error, `start a container of the image ${image}`);
  }
}

async function find(docker: Docker, machine: unknown): Promise<Machine> {
  const { containerId } = (machine ?? {}) as { readonly containerId?: unknown };
  if (typeof containerId !== "string" || !/^[0-9a-f]{12,64}$/.test(containerId)) throw new ConfigurationError("The reference names no container.");
  const container = docker.getContainer(containerId);
  try {
    if (await isRunning(container)) return { container, carrier: await attachCarrier(docker, container) };
  } catch (error) {
    throw engineError(error, `find the container ${containerId}`);
  }
  throw new ExecutorCrashedError(`The container ${containerId.slice(0, 12)} has ended, and its variables are lost: open a new session.`);
}

/** A container that never answered has said why, if anything has. */
function explain(error: unknown, carrier: AttachedCarrier, image: string): unknown {
  const complaint = carrier.complaints();
  if (complaint === "" || !CodeletError.isInstance(error, "executor-crashed")) return error;
  return new ConfigurationError(`The container of the image ${image} ended before it was ready: ${complaint.split("\n").at(-1)}`, { cause: error });
}
