import assert from "node:assert/strict";
import { type JournalCase, later, never } from "../journal-case.ts";

/** Choices and times: the same again, since a run goes by them. */
export const timeCases: readonly JournalCase[] = [
  {
    name: "the candidate that settles first is picked, also where it rejects",
    async run({ attempt }) {
      const fails = (): Promise<never> => later(5).then(() => Promise.reject(new Error("no")));
      assert.equal(await attempt((journal) => journal.pick("1/pick.1", [never, fails(), later(3_000)])), 1);
    },
  },
  {
    name: "the same candidate is picked again, whichever settles first then",
    async run({ attempt, die }) {
      assert.equal(await die((journal) => journal.pick("1/pick.1", [never, later(1)])), 1);
      assert.equal(await attempt((journal) => journal.pick("1/pick.1", [later(1), never])), 1);
    },
  },
  {
    name: "a time is in milliseconds since the epoch, and the same again",
    async run({ attempt, die }) {
      const first = await die((journal) => journal.now("1/start"));
      assert.ok(Math.abs(Date.now() - first) < 60_000, `the time is ${first}`);
      await later(20);
      const [again, next] = await attempt(async (journal) => [await journal.now("1/start"), await journal.now("1/end")] as const);
      assert.equal(again, first);
      assert.ok(next >= first + 10, "time goes on");
    },
  },
  {
    name: "a wait lasts as long as it should, and ends with its signal's reason",
    async run({ attempt }) {
      const reason = new Error("The caller has gone.");
      const controller = new AbortController();
      const startedAt = performance.now();
      await attempt((journal) => journal.sleep("1/model.retry", 60));
      assert.ok(performance.now() - startedAt >= 50, "it waits");
      const aborted = attempt((journal) => {
        setTimeout(() => controller.abort(reason), 20);
        return journal.sleep("2/model.retry", 15_000, controller.signal);
      });
      await assert.rejects(aborted, (error) => error === reason);
    },
  },
  {
    name: "a wait that had begun ends when it was to end",
    async run({ attempt, die }) {
      await die(async (journal) => {
        journal.sleep("1/model.retry", 1_500).catch(() => {});
        await later(500);
      });
      await later(1_000);
      const startedAt = performance.now();
      await attempt((journal) => journal.sleep("1/model.retry", 1_500));
      assert.ok(performance.now() - startedAt < 900, "it does not begin anew");
    },
  },
];
