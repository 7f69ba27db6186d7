import { fileURLToPath } from "node:url";
import { type ContractOptions, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { docker, engineMissing, engineSocket, lastContainer, onPodman, runtimes, testOptions } from "./testing/engine.ts";
import { engineProxy } from "./testing/engine-proxy.ts";

/** By which the containers of this file are told from those of other files, which run beside it. */
const orphanTimeoutMs = 59_000;
const ownOptions = { ...testOptions, orphanTimeoutMs };
const module = { module: fileURLToPath(new URL("../dist/index.js", import.meta.url)), factory: "createExecutor", options: ownOptions };
const killSandbox = async (): Promise<void> => docker.getContainer(await lastContainer(docker, orphanTimeoutMs)).kill();

describe.skipIf(engineMissing !== undefined)("in a container", async () => {
  const proxy = engineSocket === undefined || onPodman ? undefined : await engineProxy(engineSocket);
  const options = { ...ownOptions, ...(proxy && { engine: proxy.engine }) };
  const faults: ContractOptions["faults"] = { killSandbox, ...(proxy && { dropConnection: async () => proxy.drop() }) };
  executorContract({ it, describe, create: () => dockerExecutor(options), module, faults });
});

const hasGvisor = (await runtimes()).includes("runsc");
if (!hasGvisor) console.log("SKIPPED docker under gVisor: the engine knows no runtime runsc");

describe.skipIf(!hasGvisor)("under gVisor", () => {
  const options = { ...ownOptions, runtime: "runsc" };
  executorContract({
    it,
    describe,
    name: "docker, gVisor",
    create: () => dockerExecutor(options),
    module: { ...module, options },
    faults: { killSandbox },
  });
});
