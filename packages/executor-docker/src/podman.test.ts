import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, expect, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { connectEngine } from "./engine.ts";
import { containers, lastContainer } from "./testing/engine.ts";
import { killedHost } from "./testing/killed-host.ts";

/** CI starts one (scripts/podman-engine.mjs). */
const engine = process.env.CODELET_PODMAN_ENGINE;
const options = { engine, image: process.env.CODELET_PODMAN_IMAGE, pullPolicy: "never" } as const;
/** The walls are tested in every run; what the corpora hold against them runs on Docker, and with CODELET_FULL=1 here too. */
const corpora: readonly string[] = process.env.CODELET_FULL === "1" ? [] : ["conformance", "escapes"];
if (engine === undefined) console.log("SKIPPED podman: CODELET_PODMAN_ENGINE and CODELET_PODMAN_IMAGE name none");

describe.skipIf(engine === undefined)("on Podman", () => {
  const docker = connectEngine(engine);
  executorContract({
    it,
    describe,
    name: "docker, Podman",
    create: () => dockerExecutor(options),
    groups: contractGroups.filter((group) => !corpora.includes(group)),
    module: { module: fileURLToPath(new URL("../dist/index.js", import.meta.url)), factory: "createExecutor", options },
    faults: { killSandbox: async () => docker.getContainer(await lastContainer(docker)).kill() },
  });

  it("claims no session that is found again, and gives none", async () => {
    const executor = dockerExecutor(options);
    expect(executor.capabilities.recovery.pinned).toBe(false);
    const session = await executor.open();
    expect([session.reference, session.detach]).toEqual([undefined, undefined]);
    await session[Symbol.asyncDispose]();
  });

  it("takes its container along when its host is killed", async () => {
    const own = { orphanTimeoutMs: 765_432 };
    const left = (): Promise<readonly string[]> => containers(docker, own.orphanTimeoutMs);
    expect((await killedHost({ ...options, ...own })).reference).toBeUndefined();
    for (let waitedMs = 0; waitedMs < 8_000 && (await left()).length > 0; waitedMs += 200) await sleep(200);
    expect(await left()).toEqual([]);
  });

  it("is refused behind an address that claims Docker, and says what to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
    const link = join(folder, "docker.sock");
    symlinkSync(engine as string, link);
    try {
      expect(dockerExecutor({ ...options, engine: link }).capabilities.recovery.pinned).toBe(false); // as podman-docker has it
      const claiming = dockerExecutor({ ...options, engine: link, engineType: "docker" });
      expect(claiming.capabilities.recovery.pinned).toBe(true);
      await expect(claiming.open()).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining('engineType: "podman"') });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
