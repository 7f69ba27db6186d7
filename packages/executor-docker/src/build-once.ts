import type { Readable } from "node:stream";
import { SharedWork, throwIfAborted, type WorkOptions } from "@codelet/bridge";
import type { OpenSessionOptions } from "@codelet/core";
import type Docker from "dockerode";
import { proxyArguments } from "./docker-config.ts";
import { addressOfClient, imageId } from "./engine.ts";
import { followJob } from "./follow-job.ts";

/** An image that is found again by its tag. */
export interface Build {
  readonly tag: string;
  readonly dockerfile: string;
  /** The archive to send. */
  pack(): Readable;
  /** What to do when it can't be built, as a sentence without its full stop. */
  readonly advice?: string | undefined;
}

/** Of this process, by engine and tag. */
const builds = new SharedWork<void>();

/** Builds what is not there, once for sessions that are opened at the same time. Rejects with `configuration`, or with `aborted`. */
export async function buildOnce(docker: Docker, build: Build, open: OpenSessionOptions): Promise<void> {
  const key = `${addressOfClient(docker)} ${build.tag}`;
  await builds.join(key, open, (options) => buildMissing(docker, build, options));
}

async function buildMissing(docker: Docker, { tag, dockerfile, pack, advice }: Build, { onProgress, signal }: WorkOptions): Promise<void> {
  if ((await imageId(docker, tag)) !== undefined) return;
  throwIfAborted(signal);
  onProgress(`building the image ${tag}`);
  const labels = { codelet: "image" };
  const options = { t: tag, dockerfile, rm: true, forcerm: true, labels, buildargs: proxyArguments(), abortSignal: signal };
  const archive = pack();
  try {
    await followJob(docker.buildImage(archive, options), { doing: `build the image ${tag}`, advice }, onProgress);
  } finally {
    archive.destroy(); // with the file that it was at
  }
}
