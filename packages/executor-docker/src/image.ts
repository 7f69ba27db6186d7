import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipInstall } from "@codelet/bridge";
import { ConfigurationError, type OpenSessionOptions } from "@codelet/core";
import type Docker from "dockerode";
import tar from "tar-fs";
import { readBuildContext } from "./build-context.ts";
import { engineError, refused, statusOf } from "./engine.ts";
import type { ResolvedDockerBuild, ResolvedDockerOptions } from "./options.ts";

/** The image of a session's container, fetched or built where it is missing. Rejects with `configuration`; an abort ends what the engine does for it. */
export async function ensureImage(docker: Docker, options: ResolvedDockerOptions, open: OpenSessionOptions): Promise<string> {
  const { build, image, packages, pullPolicy } = options;
  const base = build === undefined ? image : await ensureBuilt(docker, build, open);
  const fetchBase = async (): Promise<void> => (build === undefined ? pull(docker, image, pullPolicy, open) : undefined);
  if (packages.length > 0) return withPackages(docker, { base, packages, fetchBase, isFresh: pullPolicy === "always" }, open);
  await fetchBase();
  return base;
}

async function pull(docker: Docker, image: string, policy: ResolvedDockerOptions["pullPolicy"], open: OpenSessionOptions): Promise<void> {
  if (policy !== "always" && (await hasImage(docker, image))) return;
  if (policy === "never")
    throw new ConfigurationError(`The image ${image} is not there, and \`pullPolicy\` is "never": run \`docker pull ${image}\`, or build it.`);
  open.onProgress?.(`pulling the image ${image}`);
  await follow(docker, docker.pull(image, { abortSignal: open.signal }), `pull the image ${image}`, open);
}

/** One image per content: what is built once is found again by its tag. */
async function ensureBuilt(docker: Docker, build: ResolvedDockerBuild, open: OpenSessionOptions): Promise<string> {
  const { hash, pack } = await readBuildContext(build);
  const tag = `codelet-build:${hash.slice(0, 24)}`;
  if (!(await hasImage(docker, tag))) await buildImage(docker, pack(), { t: tag, dockerfile: build.dockerfile }, open);
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

async function withPackages(docker: Docker, { base, packages, fetchBase, isFresh }: Layer, open: OpenSessionOptions): Promise<string> {
  if (isFresh) await fetchBase();
  const version = isFresh ? (await docker.getImage(base).inspect()).Id : "";
  // A list, which no shell reads. The user is root for this step only: sessions name theirs.
  const text = `FROM ${base}\nUSER 0\nRUN ${JSON.stringify(pipInstall(packages))}\n`;
  const tag = `codelet-packages:${createHash("sha256").update(text).update(version).digest("hex").slice(0, 24)}`;
  if (await hasImage(docker, tag)) return tag;
  if (!isFresh) await fetchBase();
  await buildImage(docker, onlyDockerfile(text), { t: tag }, open);
  return tag;
}

/** A build's context with nothing else in it. */
function onlyDockerfile(text: string): Readable {
  const finish = (archive: tar.Pack): void => {
    archive.entry({ name: "Dockerfile" }, text);
    archive.finalize();
  };
  return tar.pack(".", { entries: [], finalize: false, finish });
}

async function buildImage(docker: Docker, context: Readable, options: Docker.ImageBuildOptions, open: OpenSessionOptions): Promise<void> {
  open.onProgress?.(`building the image ${options.t}`);
  const { signal: abortSignal } = open;
  const building = docker.buildImage(context, {
    ...options,
    rm: true,
    forcerm: true,
    labels: { codelet: "image" },
    ...(abortSignal && { abortSignal }),
  });
  await follow(docker, building, `build the image ${options.t}`, open);
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

/** Hears an engine's account of a long job to its end: errors come in it, after a status of 200. */
async function follow(docker: Docker, job: Promise<NodeJS.ReadableStream>, doing: string, { onProgress }: OpenSessionOptions): Promise<void> {
  const account = await job.catch(refused(doing));
  let last = "";
  const hear = ({ stream, status, id, progress = "" }: Progress): void => {
    const line = (stream ?? [id, status, progress].filter(Boolean).join(" ")).trim().split("\n").at(-1) ?? "";
    if (line !== "" && line !== last) onProgress?.(line);
    last = line;
  };
  await new Promise<void>((resolve, reject) => {
    const end = (broken: Error | null, events: readonly Progress[]): void => {
      const failure = events.find(({ error }) => error !== undefined)?.error;
      if (broken === null && failure === undefined) resolve();
      else reject(engineError(broken ?? new Error(`${failure} (last: ${last})`), doing));
    };
    docker.modem.followProgress(account, end, hear);
  });
}
