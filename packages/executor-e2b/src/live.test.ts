import { contractGroups, executorContract } from "@codelet/executor-contract";
import { Sandbox } from "@e2b/code-interpreter";
import { afterAll, describe, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import { isLive } from "./testing/loopback-only.ts";

const missing = [...(isLive ? [] : ["CODELET_LIVE=1"]), ...(process.env.E2B_API_KEY === undefined ? ["E2B_API_KEY"] : [])];
const label = { suite: "codelet-live" };
/** Each session is a machine that costs money. */
const groups = contractGroups.filter((group) => group !== "conformance" || process.env.CODELET_FULL === "1");

if (missing.length > 0) console.info(`SKIPPED: E2B's real service is tested with ${missing.join(" and ")}.`);

describe.skipIf(missing.length > 0)("on E2B's real service", () => {
  executorContract({ it, describe, name: "e2b, live", create: () => e2bExecutor({ metadata: label, timeoutMs: 120_000 }), groups });

  afterAll(async () => {
    for (const { sandboxId } of await Sandbox.list({ query: { metadata: label } }).nextItems()) await Sandbox.kill(sandboxId);
  });
});
