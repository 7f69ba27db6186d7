import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { sdkError } from "@codelet/bridge";
import { ConfigurationError } from "@codelet/core";
import Docker from "dockerode";
import { guardClient } from "./guard-client.ts";
import type { EngineType } from "./options.ts";

/** A client of the engine that the option, the environment or this machine names. Nothing is asked of it yet. */
export function connectEngine(engine: string | undefined): Docker {
  return guardClient(newClient(engine));
}

function newClient(engine: string | undefined): Docker {
  const address = addressOf(engine);
  if (address === undefined) return new Docker();
  if (address.startsWith("/") || address.startsWith("unix://")) return new Docker({ socketPath: address.replace(/^unix:\/\//, "") });
  if (address.startsWith("npipe://")) return new Docker({ socketPath: address.slice("npipe://".length) });
  const url = parseAddress(address);
  const isSecure = url.protocol === "https:" || process.env.DOCKER_TLS_VERIFY === "1";
  // With certificates dockerode takes them from DOCKER_CERT_PATH, which goes with DOCKER_HOST.
  if (isSecure && engine === undefined) return new Docker();
  return new Docker({ host: url.hostname, port: Number(url.port) || (isSecure ? 2376 : 2375), protocol: isSecure ? "https" : "http" });
}

/** What can be said of an engine before it is asked: the package podman-docker makes Docker's usual socket a link to Podman's. */
export function likelyEngineType(engine: string | undefined): EngineType {
  const address = addressOf(engine)?.replace(/^unix:\/\//, "") ?? "";
  return /podman/i.test(existsSync(address) ? realpathSync(address) : address) ? "podman" : "docker";
}

/** Rejects with `configuration` when the engine can't be asked. */
export async function engineTypeOf(docker: Docker): Promise<EngineType> {
  const { Components: components = [] } = await docker.version().catch(refused("say which engine it is"));
  return components.some(({ Name: component }) => component === "Podman Engine") ? "podman" : "docker";
}

function addressOf(engine: string | undefined): string | undefined {
  return engine ?? (process.env.DOCKER_HOST || usualSockets().find(existsSync));
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
  readonly json?: { readonly message?: string; readonly cause?: string } | null;
}

const noRights = {
  code: "configuration",
  advice: "This user may not use the Docker engine's socket: join the group `docker`, or use rootless Docker or Podman",
} as const;
const noEngine = {
  code: "configuration",
  advice:
    "No Docker engine answers: start Docker or Podman, or name it with `engine` or DOCKER_HOST (contexts of `docker` are not read; `docker context inspect` shows their addresses)",
} as const;

/** What the engine said, as one line that says what to do. `doing` completes "Docker could not". */
export function engineError(thrown: unknown, doing: string): Error {
  const { code, statusCode, message, json } = (thrown ?? {}) as EngineFailure;
  const unanswered = code !== undefined && statusCode === undefined;
  const meaning = code === "EACCES" || code === "EPERM" ? noRights : unanswered ? noEngine : ({ code: "configuration" } as const);
  return sdkError(thrown, `Docker could not ${doing}`, meaning, { said: json?.message ?? (message || code) });
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
