import { type CaseContext, type Sandboxes, SkippedCase } from "./case-context.ts";
import { type ContractCase, unmetNeed } from "./contract-case.ts";
import type { Deviation } from "./contract-options.ts";
import { LeakedCanary } from "./leaked-canary.ts";
import type { Tally } from "./tally.ts";

/** Runs one case as a test of whatever runner: it passes, is skipped with a reason, or deviates as declared. */
export async function runCase(
  test: unknown,
  name: string,
  testCase: ContractCase,
  sandboxes: Sandboxes,
  deviation: Deviation | undefined,
  tally: Tally,
): Promise<void> {
  let isInOrder = false;
  try {
    const context = sandboxes.context();
    const { language, capabilities } = context.executor;
    const unmet = language === "python" ? unmetNeed(testCase.needs, capabilities) : "the cases are written in Python";
    if (unmet !== undefined) throw new SkippedCase(unmet);
    if (deviation === undefined) await keep(testCase, sandboxes);
    else await deviate(context, testCase, deviation, sandboxes);
    isInOrder = testCase.isGentle === true;
    if (deviation === undefined) tally.passed(name);
    else tally.deviated(name, deviation.reason);
  } catch (error) {
    if (!(error instanceof SkippedCase)) {
      tally.failed(name);
      throw error;
    }
    tally.skipped(name, error.message);
    (test as { skip?: (reason: string) => void } | undefined)?.skip?.(error.message);
  } finally {
    await sandboxes.closeCase(isInOrder);
  }
}

/** What fails in a used session is tried again in a new one: only that counts. */
async function keep(testCase: ContractCase, sandboxes: Sandboxes): Promise<void> {
  if (testCase.isGentle) {
    try {
      return await testCase.run(sandboxes.context("sessions"));
    } catch (error) {
      if (error instanceof SkippedCase) throw error;
      await sandboxes.closeCase(false);
    }
  }
  await testCase.run(sandboxes.context(testCase.isGentle ? "nothing" : "evaluations"));
}

async function deviate(context: CaseContext, testCase: ContractCase, deviation: Deviation, sandboxes: Sandboxes): Promise<void> {
  let failure: unknown;
  try {
    await testCase.run(context);
  } catch (error) {
    failure = error;
  }
  if (failure === undefined) throw new Error(`The case passes: remove its deviation (${deviation.reason}).`);
  if (failure instanceof SkippedCase) throw new Error(`The case is skipped (${failure.message}): remove its deviation.`);
  if (failure instanceof LeakedCanary && context.executor.capabilities.isolation >= 2) throw failure;
  await sandboxes.closeCase(false);
  await deviation.instead(context);
}
