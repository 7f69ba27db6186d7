import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipInstall } from "@codelet/bridge";
import { AbortedError, ConfigurationError } from "@codelet/core";
import type Docker from "dockerode";
import { readBuildContext } from "./build-context.ts";
import { engineError, refused, statusOf } from "./engine.ts";
import type { ResolvedDockerBuild, ResolvedDockerOptions } from "./options.ts";

/** Who waits for an image. */
export interface Watch {
  report(message: string): void;
  readonly signal?: AbortSignal | undefined;
}

/** The image of a session's container, fetched or built where it is missing. Rejects with `configuration`, and with `aborted`. */
export async function ensureImage(docker: Docker, options: ResolvedDockerOptions, watch: Watch): Promise<string> {
  const { build, image, packages } = options;
  const base = build === undefined ? image : await buildContext(docker, build, watch);
  const fetchBase = async (): Promise<void> => (build === undefined ? pull(docker, image, options.pullPolicy, watch) : undefined);
  if (packages.length > 0) return withPackages(docker, { base, packages, fetchBase, isFresh: options.pullPolicy === "always" }, watch);
  await fetchBase();
  return base;
}

async function pull(docker: Docker, image: string, policy: ResolvedDockerOptions["pullPolicy"], watch: Watch): Promise<void> {
  if (policy !== "always" && (await hasImage(docker, image))) return;
  if (policy === "never")
    throw new ConfigurationError(`The image ${image} is not there, and \`pullPolicy\` is "never": run \`docker pull ${image}\`, or build it.`);
  watch.report(`pulling the image ${image}`);
  await follow(docker, await docker.pull(image).catch(refused(`pull the image ${image}`)), `pull the image ${image}`, watch);
}

/** One image per content: what is built once is found again by its tag. */
async function buildContext(docker: Docker, build: ResolvedDockerBuild, watch: Watch): Promise<string> {
  const { hash, pack } = await readBuildContext(build);
  const tag = `codelet-build:${hash.slice(0, 24)}`;
  if (!(await hasImage(docker, tag))) await buildImage(docker, pack(), tag, watch, build.dockerfile);
  return tag;
}

interface Layer {
  readonly base: string;
  readonly packages: readonly string[];
  /** As `pullPolicy` wants it: the build itself would fetch it, whatever that says. */
  readonly fetchBase: () => Promise<void>;
  /** Whether a newer base makes a newer layer. */
  readonly isFresh: boolean;
}

async function withPackages(docker: Docker, { base, packages, fetchBase, isFresh }: Layer, watch: Watch): Promise<string> {
  if (isFresh) await fetchBase();
  const version = isFresh ? (await docker.getImage(base).inspect()).Id : "";
  // A list, which no shell reads. The user is root for this step only: sessions name theirs.
  const text = `FROM ${base}\nUSER 0\nRUN ${JSON.stringify(pipInstall(packages))}\n`;
  const tag = `codelet-packages:${createHash("sha256").update(text).update(version).digest("hex").slice(0, 24)}`;
  if (await hasImage(docker, tag)) return tag;
  if (!isFresh) await fetchBase();
  const context = await mkdtemp(path.join(tmpdir(), "codelet-docker-")).catch(noTemporaryFiles);
  try {
    await writeFile(path.join(context, "Dockerfile"), text).catch(noTemporaryFiles);
    await buildImage(docker, { context, src: ["Dockerfile"] }, tag, watch);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return tag;
}

/** Else it would look as if no engine had answered. */
function noTemporaryFiles(cause: Error): never {
  throw new ConfigurationError(`The folder for temporary files can't be used: ${cause.message}.`, { cause });
}

type Files = NodeJS.ReadableStream | Docker.ImageBuildContext;

async function buildImage(docker: Docker, files: Files, tag: string, watch: Watch, dockerfile = "Dockerfile"): Promise<void> {
  watch.report(`building the image ${tag}`);
  const doing = `build the image ${tag}`;
  const stream = await docker.buildImage(files, { t: tag, dockerfile, rm: true, forcerm: true, labels: { codelet: "image" } }).catch(refused(doing));
  await follow(docker, stream, doing, watch);
}

async function hasImage(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw engineError(error, `look for the image ${name}`);
  }
}

interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progress?: string;
  readonly error?: string;
}

/** An engine's account of a long job: errors come in it, after a status of 200. */
function follow(docker: Docker, stream: NodeJS.ReadableStream, doing: string, watch: Watch): Promise<void> {
  return new Promise((resolve, reject) => {
    // The engine gives a job up whose client is gone.
    const abort = (): void => void (stream as Readable).destroy(new AbortedError(watch.signal?.reason));
    if (watch.signal?.aborted) abort();
    watch.signal?.addEventListener("abort", abort);
    let last = "";
    const onProgress = ({ stream: output, status, id, progress = "" }: Progress): void => {
      const line = (output ?? [id, status, progress].filter(Boolean).join(" ")).trim().split("\n").at(-1) ?? "";
      if (line !== "" && line !== last) watch.report(line);
      last = line;
    };
    const onFinished = (error: Error | null, events: readonly Progress[] | null): void => {
      watch.signal?.removeEventListener("abort", abort);
      const failure = error ?? events?.find((event) => event.error !== undefined)?.error;
      if (failure === undefined) resolve();
      else reject(engineError(typeof failure === "string" ? new Error(`${failure} (last: ${last})`) : failure, doing));
    };
    docker.modem.followProgress(stream, onFinished as never, onProgress as never);
  });
}
