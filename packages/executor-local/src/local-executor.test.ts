import { fileURLToPath } from "node:url";
import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import type { LocalExecutorOptions } from "./options.ts";
import { sandboxMissing, systemPython } from "./testing/sandbox-support.ts";

const built = fileURLToPath(new URL("../dist/index.js", import.meta.url));
/** The same interpreter and runner give the same answers without the sandbox: there they are asked where the sandbox can't be, and in the long form. */
const sameWithoutSandbox: readonly string[] = sandboxMissing === undefined && process.env.CODELET_FULL !== "1" ? ["conformance", "escapes"] : [];

function certify(name: string, options: LocalExecutorOptions, groups = contractGroups.filter(() => true)): void {
  const module = { module: built, factory: "createExecutor", options };
  executorContract({ it, describe, name, create: () => localExecutor(options), module, groups });
}

describe.skipIf(sandboxMissing !== undefined)("in the sandbox", () => {
  certify("local", {});
});

describe("without the sandbox", () => {
  certify(
    "local, sandbox: none",
    { sandbox: "none" },
    contractGroups.filter((group) => !sameWithoutSandbox.includes(group)),
  );
});

describe.skipIf(sandboxMissing !== undefined || systemPython === undefined)("with the libraries of the system's Python", () => {
  certify("local, the system's Python", { python: systemPython }, ["values", "output"]);
});
