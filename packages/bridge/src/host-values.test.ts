import type { Value } from "@codelet/core";
import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

/** What Python has no value for arrives as the nearest that it has: a call whose work is done doesn't fail for its result. */
test.each<readonly [string, unknown, string]>([
  ["a set of objects", new Set([{ a: 1 }, 2]), "[{'a': 1}, 2]"],
  ["a set of sets", new Set([new Set([1]), new Set([])]), "{frozenset(), frozenset({1})}"],
  ["a map whose keys are sets", new Map([[new Set(["x"]), 1]]), "{frozenset({'x'}): 1}"],
  ["a map whose keys are objects", new Map([[{ a: 1 }, [1]]]), "[({'a': 1}, [1])]"],
  ["a date after the year 9999", [new Date("+010000-01-01T00:00:00Z")], "['+010000-01-01T00:00:00.000+00:00']"],
  ["a date before the year 1", { at: new Date("-000043-03-15T00:00:00Z") }, "{'at': '-000043-03-15T00:00:00.000+00:00'}"],
])("gives %s as a result and as a variable", async (_, value, python) => {
  await using session = await openSession({ tools: [signature("give", {})] });
  await session.bind({ variables: { variable: value as Value } });
  const { error, value: seen } = await run(session, `[give() == ${python}, variable == ${python}]`, { give: () => value as Value });
  expect(error?.message).toBeUndefined();
  expect(seen).toEqual([true, true]);
});
