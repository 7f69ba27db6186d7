import assert from "node:assert/strict";
import type { Executor } from "@codelet/core";
import { asTest } from "./as-test.ts";
import { Sandboxes } from "./case-context.ts";
import { conformanceCases } from "./conformance/conformance-cases.ts";
import type { ContractCase } from "./contract-case.ts";
import { type ContractOptions, contractGroups, type GroupName, type ResolvedContractOptions, resolveContractOptions } from "./contract-options.ts";
import { escapeCases } from "./escapes/escape-cases.ts";
import { agentCases } from "./groups/agents.ts";
import { callCases } from "./groups/calls.ts";
import { crashCases } from "./groups/crashes.ts";
import { fileCases } from "./groups/files.ts";
import { importCases } from "./groups/imports.ts";
import { interruptCases } from "./groups/interrupts.ts";
import { isolationCases } from "./groups/isolation.ts";
import { lifecycleCases } from "./groups/lifecycle.ts";
import { limitCases } from "./groups/limits.ts";
import { liveRecoveryCases } from "./groups/live-recovery.ts";
import { manifestCases } from "./groups/manifest.ts";
import { outputCases } from "./groups/output.ts";
import { recoveryCases } from "./groups/recovery.ts";
import { replayCases } from "./groups/replay.ts";
import { stateCases } from "./groups/state.ts";
import { valueCases } from "./groups/values.ts";
import { descendants, newDescendants, survivors } from "./host-processes.ts";
import { runCase } from "./run-case.ts";
import { Tally } from "./tally.ts";

const defaultTimeoutMs = 60_000;

/**
 * Registers the contract of executors as tests of your runner. The manifest of the executor switches the cases that it doesn't claim; those are
 * skipped, counted, and listed with their reason by the last test.
 *
 * @example
 * import { executorContract } from "@codelet/executor-contract";
 * import { describe, it } from "vitest";
 * import { myExecutor } from "./my-executor.ts";
 *
 * executorContract({ it, describe, create: () => myExecutor() });
 */
export function executorContract(options: ContractOptions): void {
  const resolved = resolveContractOptions(options);
  const title = resolved.name ?? nameOf(resolved.create());
  const register = (): void => registerCases(resolved, title);
  if (resolved.describe === undefined) register();
  else resolved.describe(`executor contract of ${title}`, register);
}

function nameOf(executor: Executor): string {
  if (typeof executor?.open === "function") return executor.name;
  throw new TypeError(`Expected \`create\` to return an executor, got type \`${typeof executor}\``);
}

/** The full names of all cases, as deviations use them. */
export function contractCaseNames(options: Pick<ContractOptions, "full"> = {}): readonly string[] {
  return contractGroups.flatMap((group) => casesOf(group, options.full ?? false).map(({ name }) => `${group}: ${name}`));
}

function registerCases(options: ResolvedContractOptions, title: string): void {
  const sandboxes = new Sandboxes(options);
  const tally = new Tally();
  const before = descendants();
  options.it("knows every declared deviation", async () => {
    const known = new Set(contractCaseNames({ full: true }));
    const unknown = options.deviations.map((deviation) => deviation.case).filter((name) => !known.has(name));
    assert.deepEqual(unknown, [], "deviations from cases that don't exist");
  });
  for (const group of options.groups) {
    for (const testCase of casesOf(group, options.full)) {
      const name = `${group}: ${testCase.name}`;
      const deviation = options.deviations.find((declared) => declared.case === name);
      const run = asTest((test) => runCase(test, name, testCase, sandboxes, deviation, tally));
      options.it(name, run, testCase.timeoutMs ?? defaultTimeoutMs);
    }
  }
  options.it(
    "leaves nothing running, and says what was skipped",
    async () => {
      await sandboxes.closeAll();
      const left = contractGroups.filter((group) => !options.groups.includes(group));
      console.info([...tally.lines(title), ...(left.length === 0 ? [] : [`  NOT RUN, left out by \`groups\`: ${left.join(", ")}`])].join("\n"));
      assert.deepEqual(await survivors(() => newDescendants(before), 3_000), [], "processes that outlive their sessions");
    },
    defaultTimeoutMs,
  );
}

function casesOf(group: GroupName, isFull: boolean): readonly ContractCase[] {
  switch (group) {
    case "manifest":
      return manifestCases;
    case "state":
      return stateCases;
    case "calls":
      return [...callCases, ...agentCases];
    case "values":
      return valueCases;
    case "output":
      return outputCases;
    case "limits":
      return limitCases;
    case "interrupts":
      return interruptCases;
    case "crashes":
      return crashCases;
    case "imports":
      return importCases;
    case "isolation":
      return isolationCases;
    case "lifecycle":
      return lifecycleCases;
    case "files":
      return fileCases;
    case "recovery":
      return [...recoveryCases, ...liveRecoveryCases];
    case "replay":
      return replayCases;
    case "conformance":
      return conformanceCases();
    case "escapes":
      return escapeCases(isFull);
  }
}
