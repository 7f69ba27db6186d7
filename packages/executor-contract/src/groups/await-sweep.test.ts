import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError, type Executor, type ExecutorSession } from "@codelet/core";
import { expect, it } from "vitest";
import { Sandboxes } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { resolveContractOptions } from "../contract-options.ts";
import { runCase } from "../run-case.ts";
import { Tally } from "../tally.ts";
import { unsafeExecutor } from "../unsafe-executor.ts";
import { awaitSweepCases } from "./await-sweep.ts";

it("gives a sandbox the time that it needs to open, as long as nobody has given it up", async () => {
  const unsafe = unsafeExecutor();
  let opened = 0;
  const slow = { bind: () => Promise.reject(new AbortedError()), [Symbol.asyncDispose]: async () => {} } as unknown as ExecutorSession;
  const executor: Executor = { ...unsafe, open: (options) => (opened++ === 0 ? sleep(5_500, slow) : unsafe.open(options)) };
  const testCase = awaitSweepCases.find(({ name }) => name.startsWith("an abort at bind, as it begins")) as ContractCase;
  const sandboxes = new Sandboxes(resolveContractOptions({ it: () => {}, create: () => executor }));
  await runCase(undefined, "x", testCase, sandboxes, undefined, new Tally());
  expect(opened).toBeGreaterThan(1);
});
