import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { noUsage } from "./model.ts";
import { fromLiteLLM, pricesOf } from "./prices.ts";

const price = pricesOf({
  "gpt-5": { input: 1.25, output: 10, cacheRead: 0.125 },
  "gpt-5-2025-08-07": { input: 1.5, output: 12 },
  "gpt-5-mini": { input: 0.25, output: 2 },
  "claude-sonnet-4": { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
});
const million = { ...noUsage, input: 1_000_000 };

describe("a price", () => {
  it("counts what was cached apart, and reasoning as output", () => {
    const usage = { input: 1_000_000, cacheRead: 600_000, cacheWrite: 100_000, output: 10_000, reasoning: 4_000 };
    expect(price(usage, "claude-sonnet-4")).toBeCloseTo(0.3 * 3 + 0.6 * 0.3 + 0.1 * 3.75 + 0.01 * 15, 10);
    expect(price(usage, "gpt-5-mini")).toBeCloseTo(0.25 + 0.02, 10);
  });

  it("is never below nothing, whatever a provider counts", () => {
    expect(price({ ...noUsage, input: 5, cacheRead: 1_000 }, "gpt-5-mini")).toBeCloseTo(0.00025, 10);
  });

  it.each([
    ["gpt-5", 1.25],
    ["gpt-5-mini", 0.25],
    ["gpt-5-mini-2025-08-07", 0.25],
    ["gpt-5-2024-08-07", 1.25],
    ["gpt-5-2025-08-07", 1.5],
    ["claude-sonnet-4@20250514", 3],
    ["claude-sonnet-4-latest", 3],
  ])("of %s is that of the longest id that it is a release of", (id, dollars) => {
    expect(price(million, id)).toBe(dollars);
  });

  it.each(["gpt-5-pro", "gpt-5.1", "gpt-50", "gpt-4-2025-08-07", "claude-sonnet-4-5", "gpt", "", "constructor"])("of %j is not known", (id) => {
    expect(price(million, id)).toBeUndefined();
  });

  it("must be a number of dollars", () => {
    expect(() => pricesOf({ m: { input: -1, output: 1 } })).toThrow(/`input` of `m`/);
    expect(() => pricesOf({ m: { input: 1 } as never })).toThrow(/`output` of `m`/);
    expect(() => pricesOf({ m: { input: 1, output: 1, cacheRead: Number.NaN } })).toThrow(TypeError);
    expect(() => pricesOf({ m: { input: 1, output: Number.POSITIVE_INFINITY } })).toThrow(/`output` of `m`/);
    expect(() => pricesOf({ m: { input: "1" as never, output: 1 } })).toThrow(/`input` of `m`/);
    expect(() => pricesOf({ m: { input: 1, output: 1, cacheReads: 1 } as never })).toThrow("cacheReads");
    for (const wrong of [undefined, "a table"] as never[]) {
      expect(() => pricesOf(wrong)).toThrow("`table`");
      expect(() => fromLiteLLM(wrong)).toThrow("`entries`");
    }
    expect(pricesOf({ own: { input: 0, output: 0 } })(million, "own")).toBe(0);
  });
});

it("reads LiteLLM's table", () => {
  const table = fromLiteLLM({
    "gpt-4o": { input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5, cache_read_input_token_cost: 1.25e-6 },
    "dall-e-3": { input_cost_per_token: null },
    embedding: { input_cost_per_token: 1e-7 },
    speech: { output_cost_per_token: 1e-5 },
    sample_spec: {},
  });
  expect(Object.keys(table)).toEqual(["gpt-4o"]);
  expect(pricesOf(table)({ ...million, cacheRead: 1_000_000 }, "gpt-4o")).toBeCloseTo(1.25, 10);
});

describe("a budget in dollars", () => {
  const executor = fakeExecutor(({ finalAnswer }) => finalAnswer(1));
  const usage = { ...noUsage, input: 100_000 };
  const model = (id: string) => scriptedModel(Array(3).fill("<code>\n1\n</code>"), { id, usage });

  it("is refused for a model that the table doesn't know", () => {
    const create = (): unknown => new CodeAgent({ model: model("gpt-6"), executor, price, budget: { costUsd: 1 } });
    expect(create).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("@codelet/core/prices") }));
  });

  it("is refused for a managed agent whose model nobody knows", () => {
    const member = (id: string, own?: typeof price) =>
      new CodeAgent({ model: model(id), executor, name: "member", description: "Helps.", price: own });
    const create = (managed: CodeAgent): unknown =>
      new CodeAgent({ model: model("gpt-5"), executor, managedAgents: [managed], price, budget: { costUsd: 1 } });
    const boss = new CodeAgent({ model: model("gpt-5"), executor, name: "boss", description: "Leads.", managedAgents: [member("gpt-6")] });
    expect(() => create(member("gpt-5-mini"))).not.toThrow();
    expect(() => create(member("gpt-6", () => 0.1))).not.toThrow();
    for (const managed of [member("gpt-6"), boss])
      expect(() => create(managed)).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("gpt-6") }));
  });

  it("ends a run that has spent it", async () => {
    const idle = fakeExecutor(() => null);
    const result = await new CodeAgent({ model: model("gpt-5"), executor: idle, price, budget: { costUsd: 0.2 } }).run("task");
    expect(result).toMatchObject({ state: "limit", limit: "costUsd", costUsd: 0.375 });
  });
});
