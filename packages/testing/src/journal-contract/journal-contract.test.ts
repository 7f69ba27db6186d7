import { describe, expect, it } from "vitest";
import { journalContract, journalContractCaseNames } from "./journal-contract.ts";
import { faults } from "./testing/faults.ts";
import { mapStore, sound } from "./testing/map-journal.ts";

const names = journalContractCaseNames();
const { factory, decide } = mapStore(sound);

journalContract({ it, describe, name: "a journal in a map", attempt: (_, body) => body(factory), decide });

describe.each(faults)("a journal that $does", ({ parts, fails }) => {
  const tests = new Map<string, () => Promise<void>>();
  const spoiled = mapStore({ ...sound, ...parts });
  journalContract({
    it: (name, run) => tests.set(name, () => run(undefined)),
    ...{
      name: "with a fault",
      attempt: (_: string, body: (journal: typeof factory) => Promise<void>) => body(spoiled.factory),
      decide: spoiled.decide,
    },
  });

  it.each(names.filter((name) => fails.some((beginning) => name.startsWith(beginning))))(
    "fails: %s",
    async (name) => {
      await expect(tests.get(name)?.()).rejects.toThrow();
    },
    60_000,
  );
});

it("has a fault for each case", () => {
  const beginnings = faults.flatMap(({ fails }) => fails);
  expect(beginnings.filter((beginning) => !names.some((name) => name.startsWith(beginning)))).toEqual([]);
  expect(names.filter((name) => !beginnings.some((beginning) => name.startsWith(beginning)))).toEqual([]);
});

it("skips with the reason what a journal is without", async () => {
  const skipped: string[] = [];
  const tests: Promise<void>[] = [];
  journalContract({
    it: (_, run) => void tests.push(run({ skip: (reason: string) => skipped.push(reason) }).catch(() => {})),
    ...{ name: "alone", attempt: async () => {}, lacks: { takeOver: "one process only" } },
  });
  await expect.poll(() => skipped).toEqual(["`decide` is not given", "one process only"]);
});

it("refuses options that are none", () => {
  const options = { it, name: "x", attempt: async () => {} };
  expect(() => journalContract({ ...options, attempt: undefined as never })).toThrow("Expected `attempt` to be a function");
  expect(() => journalContract({ ...options, atempt: 1 } as never)).toThrow("got `atempt`");
  expect(() => journalContract({ ...options, lacks: { takeover: "no" } as never })).toThrow("got `takeover`");
});
