import assert from "node:assert/strict";
import type { Executor } from "@codelet/core";
import { describe, expect, it, vi } from "vitest";
import { Sandboxes } from "./case-context.ts";
import type { ContractCase } from "./contract-case.ts";
import { type ContractOptions, contractGroups, type Deviation, resolveContractOptions } from "./contract-options.ts";
import { escapeControl } from "./escapes/positive-control.ts";
import { contractCaseNames, executorContract } from "./executor-contract.ts";
import { LeakedCanary } from "./leaked-canary.ts";
import { runCase } from "./run-case.ts";
import { Tally } from "./tally.ts";
import { unsafeExecutor } from "./unsafe-executor.ts";

const passing: ContractCase = { name: "passes", run: async () => {} };
const failing: ContractCase = { name: "fails", run: async () => assert.fail("as it is") };
const leaking: ContractCase = {
  name: "leaks",
  run: async () => {
    throw new LeakedCanary("CANARY");
  },
};
const deviation = (instead: Deviation["instead"] = async () => {}): Deviation => ({ case: "x", reason: "see https://example.org/1", instead });

function execute(testCase: ContractCase, options: { declared?: Deviation; isolation?: 0 | 2; tally?: Tally; test?: unknown } = {}): Promise<void> {
  const unsafe = unsafeExecutor();
  const executor: Executor = { ...unsafe, capabilities: { ...unsafe.capabilities, isolation: options.isolation ?? 0 } };
  const sandboxes = new Sandboxes(resolveContractOptions({ it: () => {}, create: () => executor }));
  return runCase(options.test, "x", testCase, sandboxes, options.declared, options.tally ?? new Tally());
}

describe("a case", () => {
  it("passes and fails as it does", async () => {
    await execute(passing);
    await expect(execute(failing)).rejects.toThrow("as it is");
  });

  it("is skipped with the manifest's words, through the runner where that can", async () => {
    const tally = new Tally();
    const reasons: string[] = [];
    await execute({ ...failing, needs: ["snapshot"] }, { tally, test: { skip: (reason: string) => reasons.push(reason) } });
    await execute({ ...failing, needs: ["snapshot"] }, { tally });
    expect(reasons).toEqual(["capabilities.recovery.snapshot is false"]);
    expect(tally.lines("unsafe")).toEqual([
      "unsafe: 0 passed, 0 failed, 0 deviate as declared, 2 skipped",
      "  SKIPPED 2, capabilities.recovery.snapshot is false: x; x",
    ]);
  });

  it("may deviate as declared, and what happens instead is asserted", async () => {
    const tally = new Tally();
    await execute(failing, { declared: deviation(), tally });
    expect(tally.lines("unsafe")).toContain("  DEVIATES x: see https://example.org/1");
    await expect(execute(failing, { declared: deviation(async () => assert.fail("not even that")) })).rejects.toThrow("not even that");
  });

  it("fails when it passes in spite of a deviation", async () => {
    await expect(execute(passing, { declared: deviation() })).rejects.toThrow("The case passes: remove its deviation");
  });

  it("may not declare a leaked canary from isolation level 2 on", async () => {
    await expect(execute(leaking, { declared: deviation(), isolation: 2 })).rejects.toThrow(LeakedCanary);
    await execute(leaking, { declared: deviation(), isolation: 0 });
  });
});

describe("the suite", () => {
  const collect = (options: Partial<ContractOptions>): ReadonlyMap<string, () => Promise<void>> => {
    const tests = new Map<string, () => Promise<void>>();
    executorContract({ it: (name, run) => tests.set(name, () => run(undefined)), create: unsafeExecutor, ...options });
    return tests;
  };

  it("names each case once, and only those of the groups that are asked for", () => {
    const names = contractCaseNames({ full: true });
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(250);
    expect([...collect({ groups: ["manifest"] }).keys()].filter((name) => name.includes(":"))).toEqual(
      names.filter((name) => name.startsWith("manifest:")),
    );
  });

  it("registers functions without parameters, which Mocha and Jest would take for callbacks, and skips through Mocha's this", async () => {
    const runs = new Map<string, (this: unknown, test?: unknown) => Promise<void>>();
    const it = (name: string, run: (test: unknown) => Promise<void>): unknown => runs.set(name, run);
    executorContract({ it, create: unsafeExecutor, groups: ["recovery"] });
    escapeControl({ it, create: unsafeExecutor });
    expect([...runs].filter(([, run]) => run.length > 0).map(([name]) => name)).toEqual([]);
    const reasons: string[] = [];
    const run = runs.get("recovery: a restored session can be saved again");
    await run?.call({ skip: (reason: string) => reasons.push(reason) });
    await run?.call(undefined);
    expect(reasons).toEqual(["capabilities.recovery.snapshot is false"]);
  });

  it("says which groups were left out", async () => {
    const lines: unknown[] = [];
    vi.spyOn(console, "info").mockImplementation((text) => lines.push(text));
    try {
      await collect({ groups: contractGroups.filter((group) => group !== "escapes") }).get("leaves nothing running, and says what was skipped")?.();
    } finally {
      vi.restoreAllMocks();
    }
    expect(lines.join("\n")).toContain("  NOT RUN, left out by `groups`: escapes");
  });

  it("fails for a deviation from a case that doesn't exist", async () => {
    const check = (name: string): Promise<void> | undefined =>
      collect({ deviations: [{ ...deviation(), case: name }], groups: [] }).get("knows every declared deviation")?.();
    await check("values: nan and the infinities");
    await expect(check("values: no such case")).rejects.toThrow("deviations from cases that don't exist");
  });

  it("checks its options at the door", () => {
    const options: ContractOptions = { it: () => {}, create: unsafeExecutor };
    expect(() => resolveContractOptions({ ...options, it: "it" as never })).toThrow(TypeError);
    expect(() => resolveContractOptions({ ...options, conformanceFloor: 97 })).toThrow(
      "Expected `conformanceFloor` to be a number from 0 to 1, got `97` (number)",
    );
    expect(() => resolveContractOptions({ ...options, groups: ["value" as never] })).toThrow("got `value`");
    expect(() => resolveContractOptions({ ...options, deviations: [{ ...deviation(), reason: "because" }] })).toThrow("a link to its cause");
    expect(() => resolveContractOptions({ ...options, deviation: [] } as never)).toThrow("Expected an option of it, describe");
    expect(() => resolveContractOptions({ ...options, deviations: {} as never })).toThrow("`deviations` to be a list");
    expect(() => executorContract(undefined as never)).toThrow("`it` to be the test runner's function, got `undefined`");
    expect(() => executorContract({ ...options, create: () => undefined as never })).toThrow("`create` to return an executor");
  });

  it.each<readonly [Partial<Executor["capabilities"]>, string]>([
    [{ network: "none" }, "isolation: no connection to the host's loopback interface is possible"],
    [{ files: "own" }, "isolation: a file of the host can't be read, and none can be written there"],
    [{ processes: "own" }, "isolation: a process of the host can't be seen or ended"],
    [{ processes: "none" }, "isolation: no process can be started"],
  ])("fails an executor that claims %o and doesn't keep it", { timeout: 30_000 }, async (claim, name) => {
    const unsafe = unsafeExecutor();
    const tests = collect({ groups: ["isolation"], create: () => ({ ...unsafe, capabilities: { ...unsafe.capabilities, ...claim } }) });
    await expect(tests.get(name)?.()).rejects.toThrow();
  });

  it("passes on bare CPython where that keeps the promises", async () => {
    for (const [name, run] of collect({ groups: ["manifest"] })) if (!name.startsWith("leaves")) await run();
  });
});
