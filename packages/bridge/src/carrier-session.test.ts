import { contractGroups, executorContract } from "@codelet/executor-contract";
import { afterAll, describe, it } from "vitest";
import { portExecutor } from "./testing/port-executor.ts";

const executor = portExecutor();
/** The same runner gives the same answers over any carrier. */
const carried = contractGroups.filter((group) => !["conformance", "escapes", "isolation"].includes(group));

describe("over a port", () => {
  executorContract({ it, describe, create: () => executor, groups: carried, faults: { dropConnection: async () => executor.dropConnections() } });
});

afterAll(() => {
  for (const child of executor.children) child.kill("SIGKILL");
});
