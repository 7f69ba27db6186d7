import type { Readable } from "node:stream";
import { throwIfAborted } from "@codelet/bridge";
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

interface Job {
  readonly done: Promise<void>;
  /** The first one's signal ends it. */
  readonly sessions: OpenSessionOptions[];
}

/** Of this process, by engine and tag. */
const jobs = new Map<string, Job>();

/**
 * Builds what is not there. Sessions that are opened at the same time share one build, and hear of it; when the session that began it is given up, another one
 * begins it again. Rejects with `configuration`, or with `aborted`.
 */
export async function buildOnce(docker: Docker, build: Build, open: OpenSessionOptions): Promise<void> {
  const key = `${addressOfClient(docker)} ${build.tag}`;
  for (let other = jobs.get(key); other !== undefined; other = jobs.get(key)) {
    other.sessions.push(open);
    try {
      return await other.done;
    } catch (error) {
      if (other.sessions[0]?.signal?.aborted !== true) throw error;
    }
  }
  throwIfAborted(open.signal);
  const sessions = [open];
  const done = buildMissing(docker, build, sessions).finally(() => jobs.delete(key));
  jobs.set(key, { done, sessions });
  return done;
}

async function buildMissing(docker: Docker, { tag, dockerfile, pack, advice }: Build, sessions: readonly OpenSessionOptions[]): Promise<void> {
  const tell = (message: string): void => {
    for (const { signal, onProgress } of sessions) if (signal?.aborted !== true) onProgress?.(message);
  };
  if ((await imageId(docker, tag)) !== undefined) return;
  const abortSignal = sessions[0]?.signal;
  throwIfAborted(abortSignal);
  tell(`building the image ${tag}`);
  const options = {
    t: tag,
    dockerfile,
    rm: true,
    forcerm: true,
    labels: { codelet: "image" },
    buildargs: proxyArguments(),
    ...(abortSignal && { abortSignal }),
  };
  const archive = pack();
  try {
    await followJob(docker.buildImage(archive, options), { doing: `build the image ${tag}`, advice }, tell);
  } finally {
    archive.destroy(); // with the file that it was at
  }
}
