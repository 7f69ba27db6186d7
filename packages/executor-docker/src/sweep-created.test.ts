import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { containerLabels, containerOptions } from "./container.ts";
import { resolveOptions } from "./options.ts";
import { removeCreated } from "./sweep-created.ts";
import { docker, engineMissing, testOptions } from "./testing/engine.ts";

async function create(startTimeoutMs?: number): Promise<Docker.Container> {
  const options = resolveOptions({ ...testOptions, orphanTimeoutMs: 1_000 });
  const container = containerOptions(options, options.image, ["python3", "-c", "input()"]);
  const label = startTimeoutMs === undefined ? {} : { [containerLabels.startTimeoutMs]: String(startTimeoutMs) };
  return docker.createContainer({ ...container, Labels: { ...container.Labels, ...label } });
}

describe.skipIf(engineMissing !== undefined)("a container that was created and never started", () => {
  it("is removed by the next host once its orphan time is over, and no other is", async () => {
    const [orphan, fresh, started] = await Promise.all([create(1_000), create(), create(1_000)]);
    try {
      await started.start();
      await expect
        .poll(
          async () => {
            await removeCreated(docker);
            return orphan.inspect().catch((error: { readonly statusCode: number }) => error.statusCode);
          },
          { timeout: 10_000, interval: 500 },
        )
        .toBe(404);
      expect([(await fresh.inspect()).State.Status, (await started.inspect()).State.Status]).toEqual(["created", "running"]);
    } finally {
      for (const container of [orphan, fresh, started]) await container.remove({ force: true }).catch(() => {});
    }
  });
});
