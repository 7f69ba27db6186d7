import assert from "node:assert/strict";
import { ModelCallError, type Value } from "@codelet/core";
import { within } from "../../model-contract/within.ts";
import { assertSame } from "../assert-same.ts";
import { type JournalCase, later, never, type Work } from "../journal-case.ts";

/** What JSON has no word for, and what stores like to tidy up. */
const given: Value = { z: 2n ** 70n, a: new Uint8Array([0, 255]), text: "nul \0, 日本 🙂", list: [null, 0.1, "", {}], "": true };

/** Outcomes by key: performed once, and found again. */
export const entryCases: readonly JournalCase[] = [
  {
    name: "an operation is performed with its arguments and a key of the run, and its outcome is given",
    async run({ attempt, runId }) {
      const performed: string[] = [];
      const work: Work = async (args, { idempotencyKey }) => performed.push(args, idempotencyKey);
      assertSame(await attempt((journal) => journal.call("1/model", "model", "the arguments"), work), { value: 2 });
      assertSame(performed, ["the arguments", `${runId}/1/model`]);
    },
  },
  {
    name: "what an operation gave comes back as it was, also when the process dies at once, and is not performed again",
    async run({ attempt, die }) {
      const first = await die(
        (journal) => journal.call("1/tool.a.x", "tool", "1/tool.a.x"),
        async () => given,
      );
      const again = await attempt((journal) => journal.call("1/tool.a.x", "tool", "1/tool.a.x"));
      for (const outcome of [first, again]) assertSame(outcome, { value: given });
    },
  },
  {
    name: "a failure is an outcome, and comes back with its name, message, code and details",
    async run({ attempt, die }) {
      let performed = 0;
      const work: Work = async () => {
        performed++;
        throw new ModelCallError("There is too much to do.", { status: 503, retryAfterMs: 70 });
      };
      for (const go of [die, attempt]) {
        const outcome = await go((journal) => journal.call("1/model", "model", "1/model"), work);
        assert.ok("error" in outcome, "the outcome is a failure");
        const { name, message, code, details } = outcome.error;
        assertSame([name, message, code], ["ModelCallError", "There is too much to do.", "model-call"]);
        assert.partialDeepStrictEqual({ ...(details as object) }, { status: 503, retryable: true, retryAfterMs: 70 });
      }
      assert.equal(performed, 1);
    },
  },
  {
    name: "an operation that was under way is performed again, with the same key, and what was recorded beside it is not",
    async run({ attempt, die }) {
      const keys: string[] = [];
      const begin =
        (slow: Promise<unknown>): Work =>
        async (args, { idempotencyKey }) => {
          keys.push(idempotencyKey);
          return args === "slow" ? slow : args;
        };
      await die(async (journal) => {
        journal.call("1/tool.1.slow", "tool", "slow").catch(() => {});
        for (const key of ["1/tool.2.quick", "1/tool.3.quick"]) await journal.call(key, "tool", key);
      }, begin(never));
      const again = await attempt(
        (journal) => Promise.all(["2.quick", "1.slow", "3.quick"].map((id) => journal.call(`1/tool.${id}`, "tool", id === "1.slow" ? "slow" : id))),
        begin(Promise.resolve("done")),
      );
      assertSame(again, [{ value: "1/tool.2.quick" }, { value: "done" }, { value: "1/tool.3.quick" }]);
      assertSame(
        keys.map((key) => key.slice(key.indexOf("/"))).sort(),
        ["1.slow", "1.slow", "2.quick", "3.quick"].map((id) => `/1/tool.${id}`),
      );
    },
  },
  {
    name: "operations side by side get their own outcomes, in whatever order they begin and end",
    async run({ attempt, die }) {
      const keys = Array.from({ length: 12 }, (_, index) => `1/tool.${index}.x`);
      const work: Work = async (key) => {
        await later(Math.random() * 20);
        return key;
      };
      await die((journal) => Promise.all(keys.map((key) => journal.call(key, "tool", key))), work);
      const again = await attempt((journal) => Promise.all(keys.toReversed().map((key) => journal.call(key, "tool", key))));
      assertSame(
        again,
        keys.toReversed().map((value) => ({ value })),
      );
    },
  },
  {
    name: "no operation waits for another one",
    async run({ attempt }) {
      const other = Promise.withResolvers<void>();
      const work: Work = async (key) => (key === "a" ? other.promise : other.resolve());
      const both = attempt((journal) => Promise.all([journal.call("1/tool.1.a", "tool", "a"), journal.call("1/tool.2.b", "tool", "b")]), work);
      assert.equal((await within(5_000, "An operation beside one that waits for it", both)).length, 2);
    },
  },
];
