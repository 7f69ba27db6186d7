import { fileURLToPath } from "node:url";
import { executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { localExecutor } from "./index.ts";

for (const sandbox of ["required", "none"] as const) {
  executorContract({
    it,
    describe,
    name: `local, sandbox: ${sandbox}`,
    create: () => localExecutor({ sandbox }),
    module: { module: fileURLToPath(new URL("../dist/index.js", import.meta.url)), factory: "createExecutor", options: { sandbox } },
  });
}
