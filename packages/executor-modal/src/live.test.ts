import { contractGroups, executorContract } from "@codelet/executor-contract";
import { describe, it } from "vitest";
import { modalExecutor } from "./modal-executor.ts";

const wanted = { CODELET_LIVE: "1", MODAL_TOKEN_ID: undefined, MODAL_TOKEN_SECRET: undefined } as const;
const missing = Object.entries(wanted).flatMap(([name, value]) =>
  (value ?? process.env[name]) === process.env[name] && process.env[name] ? [] : [name],
);
/** Each session is a machine that costs money. */
const groups = contractGroups.filter((group) => group !== "conformance" || process.env.CODELET_FULL === "1");

if (missing.length > 0) console.info(`SKIPPED: Modal's real service is tested with ${missing.join(", ")}.`);

describe.skipIf(missing.length > 0)("on Modal's real service", () => {
  executorContract({ it, describe, name: "modal, live", create: () => modalExecutor({ app: "codelet-live", maxLifetimeMs: 300_000 }), groups });
});
