import { executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { testCacheDir } from "./testing/test-cache.ts";
import { wasmExecutor } from "./wasm-executor.ts";

executorContract({ it, describe, create: () => wasmExecutor({ cacheDir: testCacheDir }), groups: ["escapes"] });
