import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { pipInstall, throwIfAborted } from "@codelet/bridge";
import { ConfigurationError, type OpenSessionOptions } from "@codelet/core";
import type Docker from "dockerode";
import tar from "tar-fs";
import { readBuildContext } from "./build-context.ts";
import { buildOnce } from "./build-once.ts";
import { imageId } from "./engine.ts";
import { followJob } from "./follow-job.ts";
import type { ResolvedDockerBuild, ResolvedDockerOptions } from "./options.ts";

/** The image of a session's container, fetched or built where it is missing. Rejects with `configuration`; an abort ends what the engine does for it. */
export async function ensureImage(docker: Docker, options: ResolvedDockerOptions, open: OpenSessionOptions): Promise<string> {
  const { build, packages } = options;
  const base = build === undefined ? await fetchImage(docker, options, open) : await ensureBuilt(docker, build, open);
  return packages.length === 0 ? base : withPackages(docker, base, packages, open);
}

async function fetchImage(docker: Docker, { image, pullPolicy }: ResolvedDockerOptions, open: OpenSessionOptions): Promise<string> {
  if (pullPolicy !== "always" && (await imageId(docker, image)) !== undefined) return image;
  if (pullPolicy === "never")
    throw new ConfigurationError(`The image ${image} is not there, and \`pullPolicy\` is "never": run \`docker pull ${image}\`, or build it.`);
  throwIfAborted(open.signal);
  open.onProgress?.(`pulling the image ${image}`);
  // The engine has no part in `docker login`, whose passwords stay with Docker's command line.
  const meaning = {
    doing: `pull the image ${image}`,
    advice: `Check \`image\`; one that needs \`docker login\` is fetched by \`docker pull ${image}\``,
  };
  await followJob(docker.pull(image, { abortSignal: open.signal }), meaning, (message) => open.onProgress?.(message));
  return image;
}

/** One image per content: what is built once is found again by its tag. */
async function ensureBuilt(docker: Docker, { context, dockerfile }: ResolvedDockerBuild, open: OpenSessionOptions): Promise<string> {
  const { hash, pack } = await readBuildContext({ context, dockerfile }, open.signal);
  const tag = tagOf("build", hash);
  await buildOnce(docker, { tag, dockerfile, pack }, open);
  return tag;
}

/** One image per list and base: a newer base makes a newer layer. */
async function withPackages(docker: Docker, base: string, packages: readonly string[], open: OpenSessionOptions): Promise<string> {
  // A list, which no shell reads. The user is root for this step only: sessions name theirs.
  const text = `FROM ${base}\nUSER 0\nRUN ${JSON.stringify(pipInstall(packages))}\n`;
  const hash = createHash("sha256")
    .update(`${await imageId(docker, base)} ${text}`)
    .digest("hex");
  const tag = tagOf("packages", hash);
  const build = { tag, dockerfile: "Dockerfile", pack: () => onlyDockerfile(text), advice: "Check `packages`" };
  await buildOnce(docker, build, open);
  return tag;
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
