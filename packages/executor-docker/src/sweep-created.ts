import type Docker from "dockerode";
import { sessionLabel } from "./container.ts";

/** Longer than an engine may take to make a container and to start it: until then it is its host's. */
const orphanAge = "15m";

/**
 * Removes the containers of hosts that were killed between a container's creation and its start; one that has started ends and goes by itself. Never rejects:
 * what can't be removed now is left to the next, and an engine that does not answer is the opening's to tell.
 */
export async function sweepCreated(docker: Docker, olderThan: string = orphanAge): Promise<void> {
  const filters = { label: [`${sessionLabel.name}=${sessionLabel.value}`], until: [olderThan] }; // by the engine's own clock, and none that runs
  await docker.pruneContainers({ filters }).catch(() => {});
}
