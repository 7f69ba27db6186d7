import type Docker from "dockerode";
import { containerLabels } from "./container.ts";
import { addressOfClient } from "./engine.ts";

const pauseMs = 60_000;
const sweptAt = new Map<string, number>();

/**
 * Removes the containers of hosts that were killed between a container's creation and its start, once their orphan time, at least 20 s, is over; one that has started ends by
 * itself. At most once a minute for an engine. Never rejects: what can't be removed now is left to the next.
 */
export async function sweepCreated(docker: Docker): Promise<void> {
  const engine = addressOfClient(docker);
  const now = performance.now();
  if (now - (sweptAt.get(engine) ?? Number.NEGATIVE_INFINITY) < pauseMs) return;
  sweptAt.set(engine, now);
  try {
    await removeCreated(docker);
  } catch {
    // an engine that does not answer is the opening's to tell
  }
}

/** As `sweepCreated`, now. Rejects with the engine's error. */
export async function removeCreated(docker: Docker): Promise<void> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${containerLabels.kind}=session`], status: ["created"] } });
  if (found.length === 0) return;
  const { SystemTime } = (await docker.info()) as { readonly SystemTime: string }; // the engine's clock, which has dated them
  const isOrphan = ({ Created, Labels }: Docker.ContainerInfo): boolean =>
    Date.parse(SystemTime) - Created * 1_000 > Number(Labels[containerLabels.startTimeoutMs]);
  // Without force: one that has been started meanwhile stays.
  await Promise.all(
    found.filter(isOrphan).map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ v: true })
        .catch(() => {}),
    ),
  );
}
