import assert from "node:assert/strict";
import { asModel } from "./as-model.ts";
import { contractKey } from "./case-context.ts";
import { abortCases } from "./cases/aborts.ts";
import { answerCases } from "./cases/answers.ts";
import { callCases } from "./cases/calls.ts";
import { cutCases } from "./cases/cuts.ts";
import { errorCases } from "./cases/errors.ts";
import { historyCases } from "./cases/history.ts";
import { requestCases } from "./cases/requests.ts";
import { stopCases } from "./cases/stops.ts";
import {
  type ModelContractOptions,
  type ModelGroupName,
  modelContractGroups,
  type ResolvedModelContractOptions,
  resolveModelContractOptions,
} from "./contract-options.ts";
import type { ModelCase } from "./model-case.ts";
import { runCase } from "./run-case.ts";
import { Tally } from "./tally.ts";

const caseTimeoutMs = 60_000;

const cases: Readonly<Record<ModelGroupName, readonly ModelCase[]>> = {
  answers: answerCases,
  calls: callCases,
  stops: stopCases,
  requests: requestCases,
  history: historyCases,
  errors: errorCases,
  cuts: cutCases,
  aborts: abortCases,
};

/**
 * Registers the contract of models as tests of your runner: what a model makes of its server's answers and failures, and what it asks, over HTTP on the
 * loopback interface. What a provider lacks is declared; its cases are skipped, counted, and listed with their reason by the last test.
 *
 * @example
 * import { modelContract } from "@codelet/testing/model-contract";
 * import { describe, it } from "vitest";
 * import { acme } from "./acme.ts";
 * import { acmeWire } from "./acme-wire.ts";
 *
 * modelContract({ it, describe, wire: acmeWire, create: ({ baseURL, apiKey }) => acme("acme-1", { baseURL, apiKey }) });
 */
export function modelContract(options: ModelContractOptions): void {
  const resolved = resolveModelContractOptions(options);
  const title = resolved.name ?? asModel(resolved.create({ baseURL: "http://127.0.0.1:9", apiKey: contractKey })).id;
  const register = (): void => registerCases(resolved, title);
  if (resolved.describe === undefined) register();
  else resolved.describe(`model contract of ${title}`, register);
}

/** The full names of all cases, as deviations use them. */
export function modelContractCaseNames(): readonly string[] {
  return modelContractGroups.flatMap(casesOf).map(({ name }) => name);
}

function registerCases(options: ResolvedModelContractOptions, title: string): void {
  const { it, groups, deviations } = options;
  const tally = new Tally();
  it("knows every declared deviation", async () => {
    const known = new Set(groups.flatMap(casesOf).map(({ name }) => name));
    const unknown = deviations.map((deviation) => deviation.case).filter((name) => !known.has(name));
    assert.deepEqual(unknown, [], "deviations from cases that are not run");
  });
  for (const testCase of groups.flatMap(casesOf)) {
    // Without parameters: Mocha and Jest wait for a callback where there is one. What skips is the first argument, or Mocha's `this`.
    const run = function (this: unknown, ...parameters: readonly unknown[]): Promise<void> {
      return runCase(parameters[0] ?? this, testCase, options, tally);
    };
    it(testCase.name, run, caseTimeoutMs);
  }
  it("says what was skipped", async () => {
    const left = modelContractGroups.filter((group) => !groups.includes(group));
    console.info([...tally.lines(title), ...(left.length === 0 ? [] : [`  NOT RUN, left out by \`groups\`: ${left.join(", ")}`])].join("\n"));
  });
}

function casesOf(group: ModelGroupName): readonly ModelCase[] {
  return cases[group].map((testCase) => ({ ...testCase, name: `${group}: ${testCase.name}` }));
}
