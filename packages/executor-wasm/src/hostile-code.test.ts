import assert from "node:assert/strict";
import { type Deviation, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { hostileGroups } from "./testing/contract-halves.ts";
import { testCacheDir } from "./testing/test-cache.ts";
import { wasmExecutor } from "./wasm-executor.ts";

const deviations: readonly Deviation[] = [
  {
    case: "crashes: a segmentation fault is an error with its loss of state said, not a hang",
    reason: "address 0 is ordinary memory in WebAssembly: https://github.com/WebAssembly/design/issues/1168",
    async instead({ open, run }) {
      const { execution } = await run(await open(), "import ctypes\nctypes.string_at(0, 4)\n'alive'");
      assert.deepEqual([execution.value, execution.error, execution.stateLost], ["alive", undefined, false]);
    },
  },
];

executorContract({
  it,
  describe,
  name: "wasm, hostile code",
  create: () => wasmExecutor({ cacheDir: testCacheDir }),
  groups: hostileGroups,
  deviations,
});
