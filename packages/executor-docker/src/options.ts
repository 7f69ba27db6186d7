import { option, type ResolvedOptions, readOptions } from "@codelet/bridge";
import { likelyEngineType } from "./engine.ts";

/** Options of `dockerExecutor`. */
export interface DockerExecutorOptions {
  /** An image with CPython 3.9 or newer as `python3`. @default "python:3.13-slim-bookworm" */
  readonly image?: string | undefined;
  /** When the image is fetched from its registry. @default "missing" */
  readonly pullPolicy?: "missing" | "always" | "never" | undefined;
  /** Builds the image from a Dockerfile, once per content of its folder. In place of `image`. */
  readonly build?: DockerBuild | undefined;
  /** Packages of PyPI, such as `"pandas"` or `"numpy>=2,<3"`: installed into an image of their own, once, by a build step with network. @default none */
  readonly packages?: readonly string[] | undefined;
  /** The network of the code: `"none"`, or the name of a Docker network that leads somewhere. @default "none" */
  readonly network?: string | undefined;
  /** Folders and files of the engine's machine that code sees. @default none */
  readonly mounts?: readonly DockerMount[] | undefined;
  /** Environment variables of the code. Nothing is inherited. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** An OCI runtime that the engine knows; `"runsc"` is gVisor, a kernel in user space. Not for Podman, which has it in its configuration. @default the engine's own */
  readonly runtime?: string | undefined;
  /** The user, as `"uid:gid"`. @default "1000:1000" */
  readonly user?: string | undefined;
  /** The engine: `"unix:///run/podman/podman.sock"`, a socket's path, `"tcp://…"`. @default DOCKER_HOST, else the address of Docker's context (DOCKER_CONTEXT, then `docker context use`), else the first socket of Docker or Podman in its usual place */
  readonly engine?: string | undefined;
  /** Which engine that is: sessions of Podman are found again by nobody. `open` refuses an engine of the other type. @default "podman" where the address or the socket's link has it in its name, else "docker" */
  readonly engineType?: EngineType | undefined;
  /** Bytes of memory, swap included. Minimum 64 MiB (67_108_864). @default 512 MiB */
  readonly memoryLimitBytes?: number | undefined;
  /** Processors that the code may keep busy. Minimum 0.01. @default 1 */
  readonly cpus?: number | undefined;
  /** Processes and threads. Minimum 8. @default 128 */
  readonly maxProcesses?: number | undefined;
  /** Bytes of the work folder `/work` and of `/tmp` each, which are part of the memory; Podman has `/tmp` only. Minimum 1 MiB. @default a quarter of `memoryLimitBytes` */
  readonly diskLimitBytes?: number | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 300 */
  readonly graceMs?: number | undefined;
  /** Milliseconds without a host after which a container ends and is removed. Minimum 1_000. @default 60_000 */
  readonly orphanTimeoutMs?: number | undefined;
  /** Milliseconds that a detached container waits for another host. Minimum 1_000. @default 3_600_000 */
  readonly detachedTimeoutMs?: number | undefined;
}

export type EngineType = "docker" | "podman";

/** An image that is built before the first session opens. */
export interface DockerBuild {
  /** The folder that is sent to the engine. */
  readonly context: string;
  /** Relative to `context`. @default "Dockerfile" */
  readonly dockerfile?: string | undefined;
}

/** A folder of the machine that the container sees. */
export interface DockerMount {
  /** Absolute path on the engine's machine. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  /** Lets code change it. @default false */
  readonly writable?: boolean | undefined;
}

export type ResolvedDockerBuild = ResolvedOptions<DockerBuild>;

export type ResolvedDockerOptions = ResolvedOptions<
  Omit<DockerExecutorOptions, "build"> & { readonly build?: ResolvedDockerBuild | undefined },
  "build" | "runtime" | "engine"
>;

const mebibyte = 2 ** 20;
/** It is a part of addresses that the engine is asked at: no `..` leads to another one. */
const imageName = /^[\w[](?:[\w.+:@[\]-]|\/(?=\w))*$/;
const absolutePath = option.text("", "an absolute path", /^(?:\/|[A-Za-z]:[\\/])[^\0]*$/);
const defaultMemoryLimitBytes = 512 * mebibyte;

/** Checks all of it before anything is started. Throws TypeError. */
export function resolveOptions(options: DockerExecutorOptions): ResolvedDockerOptions {
  const { engine, memoryLimitBytes = defaultMemoryLimitBytes } = options ?? {}; // which `readOptions` refuses
  const resolved = readOptions<ResolvedDockerOptions>(options, {
    image: option.text("python:3.13-slim-bookworm", 'the name of an image such as "python:3.13" or "registry.example/team/image:7"', imageName),
    pullPolicy: option.oneOf("missing", "always", "never"),
    build: option.optional(option.object({ context: option.text("", "the path of a folder"), dockerfile: option.text("Dockerfile") })),
    packages: option.packageNames,
    network: option.text("none", '"none" or the name of a network', /^\w[\w.:-]*$/),
    mounts: option.list(option.object({ source: absolutePath, target: absolutePath, writable: option.flag(false) })),
    env: option.environment,
    runtime: option.optional(option.text("")),
    user: option.text("1000:1000", 'numbers such as "1000:1000"', /^\d+(:\d+)?$/),
    engine: option.optional(option.text("")),
    engineType: (value, name) => option.oneOf("docker", "podman")(value ?? likelyEngineType(engine), name),
    memoryLimitBytes: option.integer(defaultMemoryLimitBytes, { minimum: 64 * mebibyte }),
    cpus: option.number(1, { minimum: 0.01 }),
    maxProcesses: option.integer(128, { minimum: 8 }),
    diskLimitBytes: option.integer(Math.floor(memoryLimitBytes / 4), { minimum: mebibyte }),
    graceMs: option.integer(300, { minimum: 0 }),
    orphanTimeoutMs: option.integer(60_000, { minimum: 1_000 }),
    detachedTimeoutMs: option.integer(3_600_000, { minimum: 1_000 }),
  });
  if (options.build !== undefined && options.image !== undefined) throw new TypeError("Expected `image` or `build`, not both");
  if (resolved.engineType === "podman" && resolved.runtime !== undefined)
    throw new TypeError("Expected no `runtime` with Podman, which ignores what a client asks for: set it in its containers.conf");
  return resolved;
}
