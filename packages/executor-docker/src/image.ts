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
  const { build, packages } = options;
  const base = build === undefined ? await fetchImage(docker, options, open) : await ensureBuilt(docker, build, open);
  return packages.length === 0 ? base : withPackages(docker, base, packages, open);
}

async function fetchImage(docker: Docker, { image, pullPolicy }: ResolvedDockerOptions, open: OpenSessionOptions): Promise<string> {
  if (pullPolicy !== "always" && (await idOf(docker, image)) !== undefined) return image;
  if (pullPolicy === "never")
    throw new ConfigurationError(`The image ${image} is not there, and \`pullPolicy\` is "never": run \`docker pull ${image}\`, or build it.`);
  open.onProgress?.(`pulling the image ${image}`);
  await follow(docker, docker.pull(image, { abortSignal: open.signal }), `pull the image ${image}`, open);
  return image;
}

/** One image per content: what is built once is found again by its tag. */
async function ensureBuilt(docker: Docker, { context, dockerfile }: ResolvedDockerBuild, open: OpenSessionOptions): Promise<string> {
  const { hash, pack } = await readBuildContext({ context, dockerfile }, open.signal);
  return buildOnce(docker, { tag: tagOf("build", hash), pack, dockerfile }, open);
}

/** One image per list and base: a newer base makes a newer layer. */
async function withPackages(docker: Docker, base: string, packages: readonly string[], open: OpenSessionOptions): Promise<string> {
  // A list, which no shell reads. The user is root for this step only: sessions name theirs.
  const text = `FROM ${base}\nUSER 0\nRUN ${JSON.stringify(pipInstall(packages))}\n`;
  const hash = createHash("sha256")
    .update(`${await idOf(docker, base)} ${text}`)
    .digest("hex");
  return buildOnce(docker, { tag: tagOf("packages", hash), pack: () => onlyDockerfile(text) }, open);
}

function tagOf(kind: string, hash: string): string {
  return `codelet-${kind}:${hash.slice(0, 24)}`;
}

/** A build's context with nothing else in it. */
function onlyDockerfile(text: string): Readable {
  const finish = (archive: tar.Pack): void => {
    archive.entry({ name: "Dockerfile" }, text);
    archive.finalize();
  };
  return tar.pack(".", { entries: [], finalize: false, finish });
}

interface Build {
  readonly tag: string;
  pack(): Readable;
  readonly dockerfile?: string;
}

async function buildOnce(docker: Docker, { tag, pack, dockerfile = "Dockerfile" }: Build, open: OpenSessionOptions): Promise<string> {
  if ((await idOf(docker, tag)) !== undefined) return tag;
  open.onProgress?.(`building the image ${tag}`);
  const options = { t: tag, dockerfile, rm: true, forcerm: true, labels: { codelet: "image" }, ...(open.signal && { abortSignal: open.signal }) };
  await follow(docker, docker.buildImage(pack(), options), `build the image ${tag}`, open);
  return tag;
}

/** Undefined for an image that is not there. */
async function idOf(docker: Docker, image: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(image).inspect()).Id;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw engineError(error, `look for the image ${image}`);
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
