import type { ExecutorSession } from "@codelet/core";
import type Docker from "dockerode";
import { sessionLabel } from "../container.ts";
import { connectEngine, engineTypeOf } from "../engine.ts";
import type { DockerExecutorOptions } from "../options.ts";

/** What the tests run on: an engine and an image with Python that is there already. CI starts one (scripts/docker-engine.mjs); nothing is pulled by a test. */
const engine = process.env.CODELET_DOCKER_ENGINE;
const image = process.env.CODELET_DOCKER_IMAGE ?? "python:3.13-slim-bookworm";

export const docker: Docker = connectEngine(engine);
/** The engine's socket, for a proxy; undefined for one that is reached otherwise. */
export const engineSocket: string | undefined = (docker.modem as { readonly socketPath?: string }).socketPath;

/** Why there is no engine to test on; undefined when there is one. */
export const engineMissing: string | undefined = await docker
  .getImage(image)
  .inspect()
  .then(
    () => undefined,
    (error: Error) => error.message.split("\n")[0],
  );

if (engineMissing !== undefined) console.log(`SKIPPED docker: ${engineMissing}`);

/** Whether it is Podman: no second connection to a container, so no session outlives its first one. */
export const onPodman: boolean = engineMissing === undefined && (await engineTypeOf(docker)) === "podman";

export const testOptions: DockerExecutorOptions = { engine, engineType: onPodman ? "podman" : "docker", image, pullPolicy: "never" };

if (onPodman) console.log("SKIPPED connections that drop and hosts that are followed: Podman ends a container with its first connection");
if (engineMissing === undefined && engineSocket === undefined) console.log("SKIPPED connections that drop: the engine is not reached over a socket");

/** Names of the runtimes that the engine has. Podman lists whatever its configuration names. */
export async function runtimes(): Promise<readonly string[]> {
  return engineMissing === undefined && !onPodman ? Object.keys((await docker.info()).Runtimes ?? {}) : [];
}

/** Ids of the containers of codelet that are there, whatever their state: all, or those with this `orphanTimeoutMs`. */
export async function containers(of: Docker = docker, orphanTimeoutMs?: number): Promise<readonly string[]> {
  return (await inspectAll(of, orphanTimeoutMs)).map(({ Id }) => Id);
}

/** The container that was created last, of all or of those with this `orphanTimeoutMs`: Docker lists it first, Podman last. */
export async function lastContainer(of: Docker = docker, orphanTimeoutMs?: number): Promise<string> {
  const [last] = (await inspectAll(of, orphanTimeoutMs)).toSorted((one, other) => Date.parse(other.Created) - Date.parse(one.Created));
  if (last === undefined) throw new Error("There is no container.");
  return last.Id;
}

async function inspectAll(of: Docker, orphanTimeoutMs: number | undefined): Promise<readonly Docker.ContainerInspectInfo[]> {
  const listed = await of.listContainers({ all: true, filters: { label: [`${sessionLabel.name}=${sessionLabel.value}`] } });
  const inspected = await Promise.all(
    listed.map(({ Id }) =>
      of
        .getContainer(Id)
        .inspect()
        .catch(() => undefined),
    ),
  ); // one may be gone by now
  const isWanted = ({ Args }: Docker.ContainerInspectInfo): boolean =>
    orphanTimeoutMs === undefined || Args[Args.indexOf("--orphan") + 1] === String(orphanTimeoutMs / 1_000);
  return inspected.filter((container) => container !== undefined).filter(isWanted);
}

/** With Podman a session has no reference: the last container is its. */
export async function containerOf(session: Pick<ExecutorSession, "reference">): Promise<string> {
  if (session.reference === undefined) return lastContainer();
  return (session.reference.data as { readonly machine: { readonly containerId: string } }).machine.containerId;
}
