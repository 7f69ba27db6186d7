import assert from "node:assert/strict";
import { CodeletError, type ModelDelta } from "@codelet/core";
import { hello, hungUp, said, waysOf } from "../both-ways.ts";
import type { ModelCaseContext, ServedModel } from "../case-context.ts";
import type { ServerAnswer } from "../loopback.ts";
import type { ModelCase } from "../model-case.ts";
import { textReply } from "../replies.ts";
import { says, saysNothing } from "../server-answers.ts";
import { eventually, within } from "../within.ts";

const promptlyMs = 3_000;
const hangUpMs = 5_000;
const reason = new Error("The caller has gone.");
const stalled = says(textReply(["One, ", "two, ", "three."]), { until: "two, ", afterwards: "nothing" });

/** Calls that nobody waits for any more. */
export const abortCases: readonly ModelCase[] = [
  {
    name: "a call whose signal is aborted already asks nothing",
    async run(context) {
      const { model, requests } = await context.serve(textReply(["yes"]));
      for (const ask of waysOf(model)) await assertAborted(ask({ ...hello, signal: AbortSignal.abort(reason) }));
      assert.equal(requests.length, 0, "requests that were sent");
    },
  },
  {
    name: "a call that waits for its server ends at once, and hangs up",
    run: (context) => abortedWhile(context, saysNothing),
  },
  {
    name: "a call in the middle of its answer ends at once, and hangs up",
    run: (context) => abortedWhile(context, stalled),
  },
  {
    name: "a stream that has begun ends at once, and hangs up",
    needs: ["stream"],
    async run(context) {
      const served = await context.serve(stalled);
      const controller = new AbortController();
      const deltas = begin(served, controller.signal);
      await within(hangUpMs, "the first delta", deltas.next());
      const rest = drain(deltas);
      controller.abort(reason);
      await assertAborted(rest);
      await hungUp(served);
    },
  },
  {
    name: "who leaves a stream ends its request",
    needs: ["stream"],
    async run(context) {
      const served = await context.serve(stalled);
      const deltas = begin(served);
      await within(hangUpMs, "the first delta", deltas.next());
      await within(promptlyMs, "return()", Promise.resolve(deltas.return?.()));
      await hungUp(served);
    },
  },
  {
    name: "an abort of one call leaves the others alone",
    async run(context) {
      for (let way = 0; way < 2; way++) {
        const controller = new AbortController();
        const { model, requests } = await context.serve(async (...served) => {
          if (JSON.stringify(served[1].messages).includes("abort")) return;
          await eventually(hangUpMs, "the abort", () => controller.signal.aborted);
          await says(textReply(["yes"]))(...served);
        });
        const ask = waysOf(model)[way];
        if (ask === undefined) return;
        const other = ask({ ...hello, signal: new AbortController().signal });
        const aborted = ask({ messages: [{ role: "user", content: "abort" }], signal: controller.signal });
        for (const call of [other, aborted]) call.catch(() => {});
        await eventually(hangUpMs, "both requests", () => requests.length === 2);
        controller.abort(reason);
        await assertAborted(aborted);
        assert.equal(said(await other).text, "yes");
      }
    },
  },
];

/** Aborts each way of asking once the server has the request and has done what it does. */
async function abortedWhile(context: ModelCaseContext, answer: ServerAnswer): Promise<void> {
  const count = waysOf((await context.serve(answer)).model).length;
  for (let way = 0; way < count; way++) {
    const served = await context.serve(answer);
    const controller = new AbortController();
    const call = waysOf(served.model)[way]?.({ ...hello, signal: controller.signal });
    call?.catch(() => {});
    await eventually(hangUpMs, "the request", () => served.requests.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50)); // what was sent arrives
    controller.abort(reason);
    await assertAborted(call);
    await hungUp(served);
  }
}

async function assertAborted(call: Promise<unknown> | undefined): Promise<void> {
  const settled = await within(promptlyMs, "the aborted call", Promise.allSettled([call]));
  assert.equal(settled[0]?.status, "rejected", "the call ended as if nothing had been aborted");
  const error: unknown = settled[0].status === "rejected" ? settled[0].reason : undefined;
  assert.ok(CodeletError.isInstance(error, "aborted"), `expected an AbortedError, got ${String(error)}`);
  assert.equal(error.cause, reason, "its cause is the signal's reason");
}

function begin({ model }: ServedModel, signal?: AbortSignal): AsyncIterator<ModelDelta> {
  assert.ok(model.stream);
  return model.stream({ ...hello, ...(signal && { signal }) })[Symbol.asyncIterator]();
}

async function drain(deltas: AsyncIterator<ModelDelta>): Promise<void> {
  while (!(await deltas.next()).done);
}
