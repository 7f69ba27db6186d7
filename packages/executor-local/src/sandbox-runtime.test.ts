import { fileURLToPath } from "node:url";
import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { becomeOrdinaryUser } from "./testing/ordinary-user.ts";
import { whySandboxMissing } from "./testing/why-sandbox-missing.ts";

const options = { sandbox: "sandbox-runtime", python: "/usr/bin/python3" } as const;
const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const missing = becomeOrdinaryUser() ?? (await whySandboxMissing(options));
/** What its walls let through is in sandbox-runtime-border.test.ts; the corpora are the same Python's. */
const corpora: readonly string[] = process.env.CODELET_FULL === "1" ? [] : ["conformance", "escapes"];

describe.skipIf(missing !== undefined)("in the sandbox of @anthropic-ai/sandbox-runtime", () => {
  executorContract({
    it,
    describe,
    name: "local, sandbox: sandbox-runtime",
    create: () => localExecutor(options),
    groups: contractGroups.filter((group) => !corpora.includes(group)),
    module: { module: built, factory: "createExecutor", options },
  });
});
