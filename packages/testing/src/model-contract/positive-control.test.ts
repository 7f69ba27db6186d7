import { describe, expect, it } from "vitest";
import { modelContract, modelContractCaseNames } from "./model-contract.ts";
import { faults } from "./testing/faults.ts";
import { lineModel, lineWire } from "./testing/line-model.ts";

const names = modelContractCaseNames();
/** It would take as long as a call may. */
const uncontrolled = "errors: silence is an error: before the answer, and in the middle of it";

describe.each(faults)("a model that $does", ({ spoil, fails }) => {
  const tests = new Map<string, () => Promise<void>>();
  modelContract({
    it: (name, run) => tests.set(name, () => run(undefined)),
    wire: lineWire,
    name: "with a fault",
    create: (setup) => spoil(lineModel(setup), setup),
  });

  it.each(names.filter((name) => fails.some((beginning) => name.startsWith(beginning))))("fails: %s", async (name) => {
    await expect(tests.get(name)?.()).rejects.toThrow();
  });
});

it("has a fault for each case", () => {
  const beginnings = faults.flatMap(({ fails }) => fails);
  expect(beginnings.filter((beginning) => !names.some((name) => name.startsWith(beginning)))).toEqual([]);
  expect(names.filter((name) => !beginnings.some((beginning) => name.startsWith(beginning)))).toEqual([uncontrolled]);
});
