import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { type SdkErrorMeaning, sdkError, usersFault } from "@codelet/bridge";
import { ConfigurationError } from "@codelet/core";
import Docker from "dockerode";
import { contextAddress } from "./docker-config.ts";
import { engineAgent } from "./engine-agent.ts";
import type { EngineType } from "./options.ts";

/** A client of the engine that the option, the environment or this machine names. Nothing is asked of it yet. */
export function connectEngine(engine: string | undefined): Docker {
  const target = targetOf(engine);
  const options = { ...target, agent: engineAgent(target.protocol) };
  return new Docker(options);
}

/** What is left out here dockerode takes from DOCKER_HOST. */
function targetOf(engine: string | undefined): Docker.DockerOptions {
  const address = addressOf(engine);
  if (address === undefined) return {};
  const socketPath = /^(?:(?:unix|npipe):\/\/)?(\/.*)$/.exec(address)?.[1];
  if (socketPath !== undefined) return { socketPath, host: undefined, protocol: "http" };
  const { protocol, hostname, port } = parseAddress(address);
  const isOfContext = engine === undefined && !process.env.DOCKER_HOST;
  // The certificates in DOCKER_CERT_PATH dockerode takes by itself. To Docker's client "0" says yes, too.
  const isSecure = protocol === "https:" || (!isOfContext && Boolean(process.env.DOCKER_TLS_VERIFY));
  return { host: hostname, port: Number(port) || (isSecure ? 2376 : 2375), protocol: isSecure ? "https" : "http" };
}

/** What can be said of an engine before it is asked: the package podman-docker makes Docker's usual socket a link to Podman's. */
export function likelyEngineType(engine: string | undefined): EngineType {
  try {
    const address = addressOf(engine)?.replace(/^unix:\/\//, "") ?? "";
    return /podman/i.test(existsSync(address) ? realpathSync(address) : address) ? "podman" : "docker";
  } catch {
    return "docker"; // an address that can't be had is told when it is needed
  }
}

/** Rejects with `configuration` when the engine can't be asked. */
export async function engineTypeOf(docker: Docker): Promise<EngineType> {
  const { Components: components = [] } = await docker.version().catch(refused("say which engine it is"));
  return components.some(({ Name: component }) => component === "Podman Engine") ? "podman" : "docker";
}

/** What tells one engine from another. */
export function addressOfClient(docker: Docker): string {
  const { socketPath, host, port } = docker.modem as { readonly socketPath?: string; readonly host?: string; readonly port?: number };
  return socketPath ?? `${host}:${port}`;
}

/** Undefined for an image that is not there. Rejects with `configuration` when that can't be said. */
export async function imageId(docker: Docker, image: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(image).inspect()).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineError(error, `look for the image ${image}`);
  }
}

function addressOf(engine: string | undefined): string | undefined {
  return engine ?? (environmentAddress() || contextAddress() || usualSockets().find(existsSync));
}

/** To Docker's client a host and a port are an address, too. */
function environmentAddress(): string | undefined {
  const address = process.env.DOCKER_HOST;
  return address && /^[\w.-]+(?::\d+)?$/.test(address) ? `tcp://${address}` : address;
}

function parseAddress(address: string): URL {
  try {
    const url = new URL(address.replace(/^tcp:/, "http:"));
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // below
  }
  const shown = address.replace(/\/\/.*@/, "//"); // without a password
  throw new ConfigurationError(`The address of the Docker engine, ${shown}, is none: write unix:///path, a path, or tcp://host:port.`);
}

function usualSockets(): readonly string[] {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const ofUser = runtime === undefined ? [] : [`${runtime}/docker.sock`, `${runtime}/podman/podman.sock`];
  return ["/var/run/docker.sock", ...ofUser, `${homedir()}/.docker/run/docker.sock`, "/run/podman/podman.sock"];
}

interface EngineFailure {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly json?: { readonly message?: string } | null;
}

const noRights = usersFault("This user may not use the Docker engine's socket: join the group `docker`, or use rootless Docker or Podman");
const noEngine = usersFault("No Docker engine answers: start Docker or Podman, or name it with `engine` or DOCKER_HOST");
const noAddress = usersFault("What answers at the engine's address redirects to another, as no engine does: name it with `engine` or DOCKER_HOST");

/** What the engine said, as one line that says what to do: `advice`, where it answered. `doing` completes "Docker could not". */
export function engineError(thrown: unknown, doing: string, advice?: string): Error {
  const { code, message, json } = (thrown ?? {}) as EngineFailure;
  return sdkError(thrown, `Docker could not ${doing}`, meaningOf(thrown, advice), { said: json?.message ?? (message || code) });
}

function meaningOf(thrown: unknown, advice: string | undefined): SdkErrorMeaning {
  const { code, statusCode } = (thrown ?? {}) as EngineFailure;
  if (code === "EACCES" || code === "EPERM") return noRights;
  if (code !== undefined && statusCode === undefined) return noEngine;
  return [301, 302, 303, 307, 308].includes(statusCode ?? 0) ? noAddress : usersFault(advice);
}

/** As `engineError`, for a promise's `catch`. */
export function refused(doing: string): (error: unknown) => never {
  return (error) => {
    throw engineError(error, doing);
  };
}

export function statusOf(thrown: unknown): number | undefined {
  return (thrown as EngineFailure | undefined)?.statusCode;
}
