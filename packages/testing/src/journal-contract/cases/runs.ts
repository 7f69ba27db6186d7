import assert from "node:assert/strict";
import { Suspension } from "@codelet/core";
import { within } from "../../model-contract/within.ts";
import { assertSame } from "../assert-same.ts";
import { type JournalCase, later, type Work } from "../journal-case.ts";
import { callsOfTeam, runTeam, stopping } from "../team.ts";

const named: Work = async (_, { idempotencyKey }) => idempotencyKey;

/** Runs, their managed agents, and whoever else has a part in them. */
export const runCases: readonly JournalCase[] = [
  {
    name: "a managed agent has keys of its own, behind those of its managers",
    async run({ attempt, die, runId }) {
      const paths = ["", "1/tool.a.helper/", "1/tool.b.helper/", "1/tool.a.helper/1/tool.a.inner/"];
      for (const go of [die, attempt]) {
        const outcomes = await go((journal) => {
          const helper = journal.child("1/tool.a.helper");
          const journals = [journal, helper, journal.child("1/tool.b.helper"), helper.child("1/tool.a.inner")];
          return Promise.all(journals.map((each) => each.call("1/model", "model", "1/model")));
        }, named);
        assertSame(
          outcomes,
          paths.map((path) => ({ value: `${runId}/${path}1/model` })),
        );
      }
    },
  },
  {
    name: "another run has entries of its own",
    async run({ attempt, runId }) {
      for (const id of [runId, `${runId}.2`])
        assertSame(await attempt((journal) => journal.call("1/model", "model", "1/model"), named, id), { value: `${id}/1/model` });
    },
  },
  {
    name: "a decision that somebody leaves is given, and known from then on",
    needs: "decide",
    async run({ attempt, die, decide = async () => {}, runId }) {
      const key = "1/tool.a.pay/approval";
      const decision = { approve: false, reason: "No." };
      await decide(runId, key, decision);
      for (const go of [die, attempt]) assert.deepEqual({ ...((await go((journal) => journal.waitFor(key))) as object) }, decision);
      const inner = "1/tool.b.helper/1/tool.a.pay/approval";
      await decide(runId, inner, true);
      assert.equal(await attempt((journal) => journal.child("1/tool.b.helper").waitFor("1/tool.a.pay/approval")), true);
    },
  },
  {
    name: "while nobody decides, the run is left, or waits until nobody wants it any more",
    async run({ attempt }) {
      const reason = new Error("The caller has gone.");
      const waiting = attempt((journal) => journal.waitFor("1/tool.a.pay/approval", abortedIn(200, reason)));
      await assert.rejects(waiting, (error) => error === reason || error instanceof Suspension);
    },
  },
  {
    name: "of two processes with a run the later has it: what the earlier one was doing is not recorded, and it comes to an end",
    needs: "takeOver",
    async run({ attempt }) {
      const slow = Promise.withResolvers<string>();
      const begun = Promise.withResolvers<void>();
      const ends: Promise<unknown>[] = [];
      const earlier = attempt(
        async (journal) => {
          ends.push(journal.call("1/model", "model", "1/model"));
          await Promise.allSettled(ends);
          ends.push(journal.call("2/model", "model", "2/model"));
          await Promise.all(ends);
        },
        () => {
          begun.resolve();
          return slow.promise;
        },
      );
      earlier.catch(() => {});
      await within(10_000, "The first operation", begun.promise);
      const call = (value: string) =>
        attempt(
          (journal) => journal.call("1/model", "model", "1/model"),
          async () => value,
        );
      assertSame(await call("of the later"), { value: "of the later" });
      slow.resolve("of the earlier");
      await assert.rejects(
        within(15_000, "The earlier process", earlier),
        (error) => !/did not settle/.test(String(error)),
        "the earlier process has failed",
      );
      assertSame(await call("of another"), { value: "of the later" });
    },
  },
  {
    name: "a team whose members are at work side by side goes on wherever its process dies",
    async run(context) {
      for (let entries = 1; entries < 40; entries += 7) {
        const runId = `${context.runId}.${entries}`;
        const effects: string[] = [];
        await context.dieWith((journal) => stopping(entries, (stop) => runTeam(stop(journal), runId, effects)), runId);
        const before = effects.length;
        assert.equal(await context.attemptWith((journal) => runTeam(journal, runId, effects), runId), "done");
        assert.deepEqual([...new Set(effects)].sort(), callsOfTeam(runId), `killed behind ${entries} entries`);
        // Three of each member may have been under way.
        assert.ok(effects.length - new Set(effects).size <= Math.min(before, 6), "calls that were made again");
        const size = effects.length;
        assert.equal(await context.attemptWith((journal) => runTeam(journal, runId, effects), runId), "done");
        assert.equal(effects.length, size, "calls of a run that had ended");
      }
    },
  },
];

function abortedIn(milliseconds: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  void later(milliseconds).then(() => controller.abort(reason));
  return controller.signal;
}
