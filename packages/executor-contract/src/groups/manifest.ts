import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";

export const manifestCases: readonly ContractCase[] = [
  {
    name: "names the executor and its language",
    async run({ executor }) {
      assert.match(executor.name, /^[a-z][a-z0-9-]*$/);
      assert.ok(["python", "javascript"].includes(executor.language));
    },
  },
  {
    name: "uses the words of the contract only",
    async run({ executor: { capabilities } }) {
      const words = (allowed: readonly unknown[], said: unknown): void =>
        assert.ok(allowed.includes(said), `${String(said)} is none of ${allowed.join(", ")}`);
      words([0, 1, 2, 3, 4], capabilities.isolation);
      words(["none", "allowlist", "full"], capabilities.network);
      words(["none", "own", "host"], capabilities.files);
      words(["none", "own", "host"], capabilities.processes);
      words(["host", "fixed", "fetched", "installed"], capabilities.packages);
      words(["step", "anywhere", false], capabilities.recovery.snapshot);
      words(["pure", "workdir", false], capabilities.recovery.replay);
      words(["cgroup", "host-watch", "module", "none"], capabilities.limits.memory);
      words(["cgroup", "host-watch", "rlimit", "impossible", "none"], capabilities.limits.processes);
      for (const claim of [
        capabilities.threads,
        capabilities.richOutput,
        capabilities.fileTransfer,
        capabilities.recovery.pinned,
        capabilities.limits.output,
      ])
        words([true, false], claim);
      if (capabilities.limits.processes === "impossible") words(["none"], capabilities.processes);
    },
  },
  {
    name: "claims isolation only with network, files or processes of the sandbox's own",
    async run({ executor: { capabilities } }) {
      if (capabilities.isolation < 2) return;
      assert.notEqual(capabilities.files, "host");
      assert.notEqual(capabilities.processes, "host");
    },
  },
  {
    name: "has snapshot, detach and files where it claims them, and nowhere else",
    async run({ executor, open }) {
      const session = await open();
      const { snapshot, pinned } = executor.capabilities.recovery;
      assert.equal(typeof session.snapshot === "function", snapshot !== false);
      assert.equal(typeof session.detach === "function", pinned);
      assert.equal(session.reference !== undefined, pinned);
      for (const transfer of [session.putFile, session.getFile]) assert.equal(typeof transfer === "function", executor.capabilities.fileTransfer);
    },
  },
];
