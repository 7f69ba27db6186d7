import { setTimeout as sleep } from "node:timers/promises";
import { nextCall, untilDone } from "@codelet/executor-contract";
import { describe, expect, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { containerOf, docker, engineMissing, onPodman, testOptions } from "./testing/engine.ts";
import { killedHost } from "./testing/killed-host.ts";

describe.skipIf(engineMissing !== undefined || onPodman)("a host that is killed", () => {
  it("writes nothing to a container that is none of a session's, whatever a reference says", async () => {
    const Cmd = ["python3", "-c", "print(ascii(input()), flush=True)"];
    const foreign = await docker.createContainer({ Image: testOptions.image as string, Cmd, OpenStdin: true });
    try {
      await foreign.start();
      const restore = { executor: "docker", data: { version: 1, machine: { containerId: foreign.id }, markPrefix: "x" } };
      await expect(dockerExecutor(testOptions).open({ restore, signal: AbortSignal.timeout(3_000) })).rejects.toMatchObject({
        code: "executor-crashed",
        message: expect.stringContaining("No session runs"),
      });
      expect((await foreign.inspect()).State.Running).toBe(true);
    } finally {
      await foreign.remove({ force: true });
    }
  });

  it("is followed by another one, which goes on in the middle of the step", async () => {
    const left = await killedHost(testOptions);
    const session = await dockerExecutor(testOptions).open({ restore: left.reference });
    try {
      session.resume?.();
      const call = await nextCall(session);
      expect([call.id, call.args]).toEqual([left.id, ["b"]]);
      session.deliver([{ id: call.id, value: "B" }]);
      expect((await untilDone(session)).execution).toMatchObject({ value: ["A", "B"], logs: "between\n", stateLost: false });
    } finally {
      await session[Symbol.asyncDispose]();
    }
    await expect(docker.getContainer(await containerOf(left)).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("leaves no container after the orphan time, and who comes too late is told", async () => {
    const left = await killedHost({ ...testOptions, orphanTimeoutMs: 1_000 });
    const container = docker.getContainer(await containerOf(left));
    for (let waitedMs = 0; waitedMs < 8_000 && (await container.inspect().catch(() => undefined)) !== undefined; waitedMs += 200) await sleep(200);
    await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
    const late = dockerExecutor(testOptions).open({ restore: left.reference });
    await expect(late).rejects.toMatchObject({ code: "executor-crashed", message: expect.stringContaining("open a new session") });
  });
});
