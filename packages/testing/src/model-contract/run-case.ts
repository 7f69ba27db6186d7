import { asModel } from "./as-model.ts";
import { CaseServers, contractKey } from "./case-context.ts";
import type { ModelDeviation, ResolvedModelContractOptions } from "./contract-options.ts";
import { lacksOf, type ModelCase, unmetNeed } from "./model-case.ts";
import type { Tally } from "./tally.ts";

/** Runs one case as a test of whatever runner: it passes, is skipped with a reason, or deviates as declared. */
export async function runCase(test: unknown, testCase: ModelCase, options: ResolvedModelContractOptions, tally: Tally): Promise<void> {
  const { name } = testCase;
  const deviation = options.deviations.find((declared) => declared.case === name);
  let skipped: string | undefined;
  try {
    const unmet = unmetNeed(testCase, options, asModel(options.create({ baseURL: "http://127.0.0.1:9", apiKey: contractKey })));
    if (unmet !== undefined && deviation !== undefined) throw new Error(`The case is skipped (${unmet}): remove its deviation.`);
    skipped = unmet;
    if (deviation !== undefined) await deviate(testCase, deviation, options);
    else if (unmet === undefined) await keep(testCase.run, options);
  } catch (error) {
    tally.failed(name, error instanceof WireFault || deviation !== undefined ? [] : lacksOf(testCase));
    throw error;
  }
  if (skipped !== undefined) {
    tally.skipped(name, skipped);
    (test as { skip?: (reason: string) => void } | undefined)?.skip?.(skipped);
  } else if (deviation !== undefined) tally.deviated(name, deviation.reason);
  else tally.passed();
}

async function keep(run: ModelCase["run"], options: ResolvedModelContractOptions): Promise<void> {
  const servers = new CaseServers(options);
  try {
    await run(servers.context());
  } catch (error) {
    throwWireError(servers);
    throw error;
  } finally {
    await servers[Symbol.asyncDispose]();
  }
  throwWireError(servers);
}

class WireFault extends Error {}

/** A server that could not read or write its own protocol says nothing of the model. */
function throwWireError({ wireError }: CaseServers): void {
  if (wireError !== undefined) throw new WireFault("The wire threw. Is it the protocol of this model?", { cause: wireError });
}

async function deviate({ run }: ModelCase, deviation: ModelDeviation, options: ResolvedModelContractOptions): Promise<void> {
  const isKept = await keep(run, options).then(
    () => true,
    () => false,
  );
  if (isKept) throw new Error(`The case passes: remove its deviation (${deviation.reason}).`);
  await keep(deviation.instead, options);
}
