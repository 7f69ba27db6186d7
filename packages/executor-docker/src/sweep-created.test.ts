import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { describe, expect, it } from "vitest";
import { containerOptions } from "./container.ts";
import { resolveOptions } from "./options.ts";
import { sweepCreated } from "./sweep-created.ts";
import { docker, engineMissing, testOptions } from "./testing/engine.ts";

function create(): Promise<Docker.Container> {
  const options = resolveOptions(testOptions);
  return docker.createContainer(containerOptions(options, options.image, ["python3", "-c", "input()"]));
}

describe.skipIf(engineMissing !== undefined)("a container that was created and never started", () => {
  it("is removed by the next host once it is old enough, and no other is", async () => {
    const [orphan, started] = await Promise.all([create(), create()]);
    await started.start();
    await sleep(7_000); // tests that run beside start theirs before that
    const fresh = await create();
    try {
      await sweepCreated(docker, "6s");
      await expect(orphan.inspect()).rejects.toMatchObject({ statusCode: 404 });
      expect([(await fresh.inspect()).State.Status, (await started.inspect()).State.Status]).toEqual(["created", "running"]);
    } finally {
      for (const container of [orphan, fresh, started]) await container.remove({ force: true }).catch(() => {});
    }
  }, 30_000);
});
