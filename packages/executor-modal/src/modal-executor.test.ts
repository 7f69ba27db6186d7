import { contractGroups, executorContract } from "@codelet/executor-contract";
import { afterAll, describe, it } from "vitest";
import { useLocalModal } from "./testing/local-modal.ts";

const server = await useLocalModal();
const { modalExecutor } = await import("./modal-executor.ts");

/** The local server runs processes of this machine: it isolates nothing, so what Modal isolates is for a live run. The rest is the same Python as anywhere. */
const skipped: readonly string[] = process.env.CODELET_FULL === "1" ? ["isolation", "escapes"] : ["isolation", "escapes", "conformance"];
console.log(`SKIPPED ${skipped.join(", ")}: the local server of Modal's protocol isolates nothing`);

describe("against the local server", () => {
  executorContract({
    it,
    describe,
    create: () => modalExecutor(),
    groups: contractGroups.filter((group) => !skipped.includes(group)),
    faults: { dropConnection: async () => server.faults.dropStreams(), killSandbox: async () => server.faults.killSandbox(server.sandboxes.at(-1)) },
  });
});

afterAll(() => server.close());
