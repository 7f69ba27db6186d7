import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { containerOptions } from "./container.ts";
import { resolveOptions } from "./options.ts";
import { sweepCreated } from "./sweep-created.ts";
import { docker, engineMissing, testOptions } from "./testing/engine.ts";

function create(): Promise<Docker.Container> {
  const options = resolveOptions(testOptions);
  const container = containerOptions(options, options.image, ["python3", "-c", "input()"]);
  return docker.createContainer({ ...container, Volumes: { "/data": {} } }); // as of an image that has one
}

describe.skipIf(engineMissing !== undefined)("a container that was created and never started", () => {
  it("is removed with its volume by the next host once it is old enough, and no other is", async () => {
    const [orphan, started] = await Promise.all([create(), create()]);
    const volume = (await orphan.inspect()).Mounts.find(({ Destination }) => Destination === "/data")?.Name ?? "";
    expect(await docker.getVolume(volume).inspect()).toMatchObject({ Name: volume });
    await started.start();
    await sleep(7_000); // tests that run beside start theirs before that
    const fresh = await create();
    try {
      await sweepCreated(docker, 6_000);
      await expect(orphan.inspect()).rejects.toMatchObject({ statusCode: 404 });
      await expect(docker.getVolume(volume).inspect()).rejects.toMatchObject({ statusCode: 404 });
      expect([(await fresh.inspect()).State.Status, (await started.inspect()).State.Status]).toEqual(["created", "running"]);
    } finally {
      for (const container of [orphan, fresh, started]) await container.remove({ force: true, v: true }).catch(() => {});
    }
  }, 30_000);
});
