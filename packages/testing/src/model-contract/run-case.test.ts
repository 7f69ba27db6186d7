import { describe, expect, it, vi } from "vitest";
import { type ModelContractOptions, type ModelDeviation, resolveModelContractOptions } from "./contract-options.ts";
import type { ModelCase } from "./model-case.ts";
import { modelContract, modelContractCaseNames } from "./model-contract.ts";
import { textReply } from "./replies.ts";
import { runCase } from "./run-case.ts";
import { Tally } from "./tally.ts";
import { lineModel, lineWire } from "./testing/line-model.ts";
import { saying } from "./testing/spoil.ts";

const options: ModelContractOptions = { it: () => {}, create: lineModel, wire: lineWire };
const passing: ModelCase = { name: "x", run: async () => {} };
const failing: ModelCase = { name: "x", run: async () => expect.fail("as it is") };
const deviation = (instead: ModelDeviation["instead"] = async () => {}): ModelDeviation => ({ case: "x", reason: "it is so", instead });

function execute(testCase: ModelCase, more: Partial<ModelContractOptions> = {}, tally: Tally = new Tally(), test?: unknown): Promise<void> {
  return runCase(test, testCase, resolveModelContractOptions({ ...options, ...more }), tally);
}

describe("a case", () => {
  it("passes and fails as it does", async () => {
    await execute(passing);
    await expect(execute(failing)).rejects.toThrow("as it is");
  });

  it("is skipped for what is lacking, through the runner where that can", async () => {
    const tally = new Tally();
    const reasons: string[] = [];
    await execute({ ...failing, needs: ["tools"] }, { lacks: { tools: "none yet" } }, tally, { skip: (reason: string) => reasons.push(reason) });
    await execute({ ...failing, needs: ["stream"] }, { create: () => async () => "yes" }, tally);
    await execute({ ...failing, needs: ["failurePiece"] }, { wire: { ...lineWire, failurePiece: undefined } as never }, tally);
    expect(reasons).toEqual(["lacks.tools: none yet"]);
    expect(tally.lines("lines")).toEqual([
      "lines: 0 passed, 0 failed, 0 deviate as declared, 3 skipped",
      "  SKIPPED 1, lacks.tools: none yet: x",
      "  SKIPPED 1, the model has no `stream`: x",
      "  SKIPPED 1, `wire.failurePiece` is not given: x",
    ]);
  });

  it("that fails says which lack could be declared", async () => {
    const tally = new Tally();
    await expect(execute({ ...failing, needs: ["tools", "argumentText", "stream"] }, {}, tally)).rejects.toThrow("as it is");
    await expect(execute({ ...failing, name: "y" }, {}, tally)).rejects.toThrow("as it is");
    expect(tally.lines("lines").slice(1)).toEqual(["  FAILED x: where the provider has none, declare lacks.tools or lacks.argumentText"]);
  });

  it("may deviate as declared, and what happens instead is asserted", async () => {
    const tally = new Tally();
    await execute(failing, { deviations: [deviation()] }, tally);
    expect(tally.lines("lines")).toContain("  DEVIATES x: it is so");
    await expect(execute(failing, { deviations: [deviation(async () => expect.fail("not even that"))] })).rejects.toThrow("not even that");
  });

  it("fails when it passes in spite of a deviation, or is skipped", async () => {
    await expect(execute(passing, { deviations: [deviation()] })).rejects.toThrow("The case passes: remove its deviation");
    const skipped: ModelCase = { ...failing, needs: ["tools"] };
    await expect(execute(skipped, { deviations: [deviation()], lacks: { tools: "none" } })).rejects.toThrow("remove its deviation");
  });

  it("fails when the wire threw, whatever the model made of it", async () => {
    const asking: ModelCase = {
      name: "x",
      async run({ serve }) {
        const { model } = await serve(textReply(["yes"]));
        await model.generate({ messages: [] }).catch(() => {});
      },
    };
    await execute(asking);
    const cause = new Error("What is this?");
    const read = (): never => {
      throw cause;
    };
    const tally = new Tally();
    await expect(execute({ ...asking, needs: ["tools"] }, { wire: { ...lineWire, read } }, tally)).rejects.toMatchObject({
      message: expect.stringContaining("The wire threw"),
      cause,
    });
    expect(tally.lines("lines")).toEqual(["lines: 0 passed, 1 failed, 0 deviate as declared, 0 skipped"]);
    await expect(execute(asking, { wire: { read: lineWire.read } })).rejects.toMatchObject({
      cause: { message: expect.stringContaining("`wire.whole` is missing") },
    });
  });
});

describe("a wrong answer", () => {
  const failureOf = async (create: ModelContractOptions["create"], beginning: string): Promise<Error> => {
    const tests = new Map<string, () => Promise<void>>();
    modelContract({ ...options, create, it: (name, run) => tests.set(name, () => run(undefined)) });
    const test = [...tests].find(([name]) => name.startsWith(beginning))?.[1];
    return (await test?.().catch((error: unknown) => error)) as Error;
  };

  it("is not printed whole, however large it is", async () => {
    const { message } = await failureOf(lineModel, "errors: an answer that is too large");
    expect(message).toContain("expected a failure, got");
    expect(message.length).toBeLessThan(2_000);
  });

  it("that differs in the ids of its calls alone tells of the lack", async () => {
    let made = 0;
    const spoil = saying((deltas) => deltas.map((delta) => (delta.type === "tool-call" ? { ...delta, id: `made_${made++}` } : delta)));
    const { message } = await failureOf((setup) => spoil(lineModel(setup), setup), "calls: one comes");
    expect(message).toContain("lacks.callIds");
  });
});

describe("the suite", () => {
  const collect = (more: Partial<ModelContractOptions>): ReadonlyMap<string, (this: unknown, test?: unknown) => Promise<void>> => {
    const tests = new Map<string, (this: unknown, test?: unknown) => Promise<void>>();
    modelContract({ ...options, it: (name, run) => tests.set(name, run), ...more });
    return tests;
  };

  it("names each case once, and runs those of the groups that are asked for", () => {
    const names = modelContractCaseNames();
    expect(new Set(names).size).toBe(names.length);
    const found = [...collect({ groups: ["stops"] }).keys()].filter((name) => name.includes(":"));
    expect(found).toEqual(names.filter((name) => name.startsWith("stops: ")));
  });

  it("registers functions without parameters, which Mocha and Jest would take for callbacks, and skips through Mocha's this", async () => {
    const tests = collect({ lacks: { reasoning: "none" } });
    expect([...tests].filter(([, run]) => run.length > 0)).toEqual([]);
    const reasons: string[] = [];
    await tests.get("answers: thoughts are told apart from the text")?.call({ skip: (reason: string) => reasons.push(reason) });
    expect(reasons).toEqual(["lacks.reasoning: none"]);
  });

  it("says which groups were left out", async () => {
    const log = vi.spyOn(console, "info").mockImplementation(() => {});
    await collect({ groups: ["answers"] })
      .get("says what was skipped")
      ?.call(undefined);
    expect(log.mock.calls.join("\n")).toContain("NOT RUN, left out by `groups`: calls, stops");
    log.mockRestore();
  });

  it("fails for a deviation from a case that isn't run", async () => {
    const check = collect({ deviations: [deviation()] }).get("knows every declared deviation");
    await expect(check?.call(undefined)).rejects.toThrow("deviations from cases that are not run");
  });

  it("checks its options at the door", () => {
    const resolve = (more: object): unknown => resolveModelContractOptions({ ...options, ...more });
    expect(() => resolve({ it: "it" })).toThrow("Expected `it` to be a function, got `it` (string)");
    expect(() => resolve({ wire: {} })).toThrow("Expected `wire.read` to be a function");
    expect(() => resolve({ group: [] })).toThrow("got `group`");
    expect(() => resolve({ groups: ["stop"] })).toThrow("got `stop`");
    expect(() => resolve({ groups: "stops" })).toThrow("Expected `groups` to be a list");
    expect(() => resolve({ lacks: { tool: "none" } })).toThrow("got `tool`");
    expect(() => resolve({ lacks: { tools: "" } })).toThrow("Expected a reason for `tools`");
    expect(() => modelContract(undefined as never)).toThrow("Expected `it` to be a function");
    expect(() => modelContract({ ...options, create: () => undefined as never })).toThrow("Expected `create` to return a model");
  });
});
