import { contractGroups, executorContract } from "@codelet/executor-contract";
import { afterAll, describe, it } from "vitest";
import { portExecutor } from "./testing/port-executor.ts";

const executor = portExecutor();
const neverCarried = ["conformance", "escapes", "isolation"];
/** What the Blaxel executor shows every day, over the same carrier. */
const shownElsewhere = ["imports", "lifecycle", "limits", "output", "replay", "values"];
/** The same runner gives the same answers over any carrier. */
const skipped = process.env.CODELET_FULL === "1" ? neverCarried : [...neverCarried, ...shownElsewhere];
const carried = contractGroups.filter((group) => !skipped.includes(group));

describe("over a port", () => {
  executorContract({ it, describe, create: () => executor, groups: carried, faults: { dropConnection: async () => executor.dropConnections() } });
});

afterAll(() => {
  for (const child of executor.children) child.kill("SIGKILL");
});
