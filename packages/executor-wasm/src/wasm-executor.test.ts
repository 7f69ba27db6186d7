import { fileURLToPath } from "node:url";
import { executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { otherGroups } from "./testing/contract-halves.ts";
import { testCacheDir } from "./testing/test-cache.ts";
import { wasmExecutor } from "./wasm-executor.ts";

const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const options = { cacheDir: testCacheDir };

executorContract({
  it,
  describe,
  create: () => wasmExecutor(options),
  module: { module: built, factory: "createExecutor", options },
  groups: otherGroups,
  conformanceFloor: 0.97,
});
