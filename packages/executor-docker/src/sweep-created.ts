import type Docker from "dockerode";
import { sessionLabel } from "./container.ts";

/** Longer than an engine may take to make a container and to start it: until then it is its host's. */
const orphanAgeMs = 15 * 60_000;

/**
 * Removes the containers of hosts that were killed between a container's creation and its start; one that has started ends and goes by itself. Never rejects:
 * what can't be removed now is left to the next, and an engine that does not answer is the opening's to tell.
 */
export async function sweepCreated(docker: Docker, olderThanMs: number = orphanAgeMs): Promise<void> {
  await removeCreated(docker, olderThanMs).catch(() => {});
}

/** Each by itself: the engine's own prune leaves their volumes, and takes what was run of an image that has the label. */
async function removeCreated(docker: Docker, olderThanMs: number): Promise<void> {
  const filters = { label: [`${sessionLabel.name}=${sessionLabel.value}`], status: ["created"] };
  const found = await docker.listContainers({ all: true, filters });
  if (found.length === 0) return;
  const { SystemTime } = (await docker.info()) as { readonly SystemTime: string }; // the engine's clock, which has dated them
  const orphans = found.filter(({ Created }) => Date.parse(SystemTime) - Created * 1_000 > olderThanMs);
  // Without force: one that has been started meanwhile stays.
  await Promise.allSettled(orphans.map(({ Id }) => docker.getContainer(Id).remove({ v: true })));
}
