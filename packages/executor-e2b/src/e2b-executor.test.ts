import { contractGroups, executorContract, type Faults, type GroupName } from "@codelet/executor-contract";
import type { E2bServer } from "@codelet/local-e2b";
import { afterAll, beforeAll, describe, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import { startLocalService } from "./testing/local-service.ts";

let server: E2bServer;

beforeAll(async () => {
  server = await startLocalService();
});

afterAll(() => server.close());

const faults: Faults = {
  dropConnection: async () => server.faults.dropStreams(),
  killSandbox: async () => server.faults.killSandbox([...server.sandboxes.keys()].at(-1)),
};

/** What E2B's machines isolate, the local server doesn't: there the claims of the manifest are tested by the live suite only. */
const needIsolation: readonly GroupName[] = ["isolation", "escapes"];
/** The same runner gives the same answers over any carrier. */
const sameOverAnyCarrier: readonly GroupName[] = process.env.CODELET_FULL === "1" ? [] : ["conformance"];
const left = [...needIsolation, ...sameOverAnyCarrier];

describe("the real SDK, against the local server", () => {
  const groups = contractGroups.filter((group) => !left.includes(group));
  executorContract({ it, describe, name: "e2b", create: () => e2bExecutor(), groups, faults });
  for (const group of needIsolation) it.skip(`${group}: SKIPPED, the local server isolates nothing; live.test.ts runs it where E2B does`);
});
