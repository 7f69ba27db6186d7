import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { blaxelExecutor } from "./blaxel-executor.ts";

const wanted = { CODELET_LIVE: "1", BL_API_KEY: undefined, BL_WORKSPACE: undefined } as const;
const missing = Object.entries(wanted).flatMap(([name, value]) =>
  (value ?? process.env[name]) === process.env[name] && process.env[name] ? [] : [name],
);
/** Each session is a machine that costs money. */
const groups = contractGroups.filter((group) => group !== "conformance" || process.env.CODELET_FULL === "1");

if (missing.length > 0) console.info(`SKIPPED: Blaxel's real service is tested with ${missing.join(", ")}.`);

describe.skipIf(missing.length > 0)("on Blaxel's real service", () => {
  executorContract({
    it,
    describe,
    name: "blaxel, live",
    create: () => blaxelExecutor({ labels: { suite: "codelet-live" }, idleMinutes: 2 }),
    groups,
  });
});
