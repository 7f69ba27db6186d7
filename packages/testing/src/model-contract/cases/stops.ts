import assert from "node:assert/strict";
import type { ModelRequest } from "@codelet/core";
import { deltasOf, hello, saidOf } from "../both-ways.ts";
import type { ModelCase } from "../model-case.ts";
import { call, reply, textReply } from "../replies.ts";
import { withTools } from "../requests.ts";

const stop = ["</code>", "Observation:"];
const stopped: ModelRequest = { ...hello, stop };

/** Stop texts, which many servers ignore. */
export const stopCases: readonly ModelCase[] = [
  {
    name: "a stop text and what follows it are no part of the answer",
    async run(context) {
      const served = await context.serve(textReply(["<code>\n1 + 1\n</code>\nAnd then more."], "length"));
      const { text, finishReason } = await saidOf(context, served, stopped);
      assert.deepEqual({ text, finishReason }, { text: "<code>\n1 + 1\n", finishReason: "stop" });
    },
  },
  {
    name: "a call that follows a stop text is no part of the answer",
    needs: ["tools"],
    async run(context) {
      const served = await context.serve(reply([{ type: "text", text: "yes</code> and " }, call("call_1", "{}")], "tool-calls"));
      const { text, calls, finishReason } = await saidOf(context, served, { ...withTools, stop });
      assert.deepEqual({ text, calls, finishReason }, { text: "yes", calls: [], finishReason: "stop" });
    },
  },
  {
    name: "a stop text is found wherever a stream cuts it in two",
    async run(context) {
      const whole = "a < b</code> </code";
      for (let index = 1; index < whole.length; index++) {
        const served = await context.serve(textReply([whole.slice(0, index), whole.slice(index)]));
        assert.equal((await saidOf(context, served, stopped)).text, "a < b", `cut at ${index}`);
      }
      assert.equal((await saidOf(context, await context.serve(textReply([...whole])), stopped)).text, "a < b");
    },
  },
  {
    name: "no delta of a stream shows a part of a stop text",
    needs: ["stream"],
    async run(context) {
      const deltas = await deltasOf((await context.serve(textReply(["so </", "co", "de", "> on"]))).model, stopped);
      assert.equal(deltas.map((delta) => (delta.type === "text" ? delta.text : "")).join(""), "so ");
    },
  },
  {
    name: "of several stop texts the first one counts",
    async run(context) {
      const served = await context.serve(textReply(["Thought. Obser", "vation: 1 </code> Observation: 2"]));
      assert.equal((await saidOf(context, served, stopped)).text, "Thought. ");
    },
  },
  {
    name: "what only begins like a stop text is kept",
    async run(context) {
      for (const pieces of [
        ["if a </", "codes> or Observation", "."],
        ["it ends with </co", "de"],
      ])
        assert.equal((await saidOf(context, await context.serve(textReply(pieces)), stopped)).text, pieces.join(""));
    },
  },
  {
    name: "tokens are counted to the end, also where the answer was cut",
    async run(context) {
      const served = await context.serve(textReply(["yes</code>", "and more"]));
      const { input, output } = (await saidOf(context, served, stopped)).usage;
      assert.deepEqual({ input, output }, { input: 20, output: 5 });
    },
  },
  {
    name: "what the server is told are stop texts of the request",
    async run(context) {
      const { model, requests } = await context.serve(textReply(["yes"]));
      await model.generate(stopped);
      const told = requests[0]?.asked.stop ?? [];
      assert.deepEqual(
        told.filter((text) => !stop.includes(text)),
        [],
      );
    },
  },
];
