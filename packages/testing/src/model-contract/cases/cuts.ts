import assert from "node:assert/strict";
import { CodeletError } from "@codelet/core";
import { type Said, said, waysOf } from "../both-ways.ts";
import type { ModelCaseContext } from "../case-context.ts";
import type { ModelCase } from "../model-case.ts";
import type { Asked, Reply } from "../model-wire.ts";
import { call, callsReply, textReply } from "../replies.ts";
import { withTools } from "../requests.ts";
import { bodyOf, says } from "../server-answers.ts";

const text = textReply(["One, ", "two, ", "three."], "length");
const calls = callsReply(call("call_1", '{"key":"one"}'), call("call_2", '{"key":"two"}'));
/** More would be slow, fewer would miss a place. */
const atOnce = 20;

/** An answer that breaks off, at each of its bytes. */
export const cutCases: readonly ModelCase[] = [
  {
    name: "a text that ends too early is no answer, wherever it was cut",
    run: (context) => cutEverywhere(context, text, "end"),
  },
  {
    name: "a text whose connection breaks is no answer, wherever it was cut",
    run: (context) => cutEverywhere(context, text, "drop"),
  },
  {
    name: "calls that end too early are no answer, wherever they were cut",
    needs: ["tools", "parallelCalls"],
    run: (context) => cutEverywhere(context, calls, "end"),
  },
];

/** Each cut is an error that may be tried again, or comes after all that was said. */
async function cutEverywhere(context: ModelCaseContext, reply: Reply, afterwards: "end" | "drop"): Promise<void> {
  const cutAt = ({ messages }: Asked): number => Number(/\d+/.exec(JSON.stringify(messages.at(-1)?.content))?.[0]);
  const { model } = await context.serve((response, asked, wire) => says(reply, { until: cutAt(asked), afterwards })(response, asked, wire));
  const uncut = await context.serve(reply);
  for (const [way, ask] of waysOf(model).entries()) {
    const answer = await waysOf(uncut.model)[way]?.(withTools);
    const asked = uncut.requests.at(-1)?.asked;
    if (answer === undefined || asked === undefined) continue;
    const full = whatWasSaid(said(answer));
    const { length } = Buffer.concat(bodyOf(context.options.wire, reply, asked.streams));
    for (let start = 0; start < length; start += atOnce) {
      await Promise.all(
        Array.from({ length: Math.min(atOnce, length - start) }, async (_, index) => {
          const bytes = start + index;
          const settled = await ask({ ...withTools, messages: [{ role: "user", content: `Cut it at byte ${bytes}.` }] }).then(
            (cut) => cut,
            (error: unknown) => {
              assert.ok(CodeletError.isInstance(error, "model-call"), `cut at byte ${bytes}: expected a ModelCallError, got ${String(error)}`);
              assert.equal(error.retryable, true, `cut at byte ${bytes}: it may be tried again`);
              return undefined;
            },
          );
          if (settled !== undefined) assert.deepEqual(whatWasSaid(said(settled)), full, `cut at byte ${bytes}: half an answer was taken for one`);
        }),
      );
    }
  }
}

/** Tokens may come after the end of the answer. */
function whatWasSaid({ text, calls, finishReason }: Said): unknown {
  return { text, finishReason, calls: calls.map(({ name, input }) => ({ name, input })) };
}
