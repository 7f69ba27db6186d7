import assert from "node:assert/strict";
import { type FinishReason, noUsage, type Usage } from "@codelet/core";
import { answerOf, deltasOf, hello, said, saidOf, waysOf } from "../both-ways.ts";
import type { ModelCase, Need } from "../model-case.ts";
import type { Asked, Reply } from "../model-wire.ts";
import { reply, textReply } from "../replies.ts";
import { says } from "../server-answers.ts";

/** What text goes wrong in: other line breaks, halves of signs, the marks of wires. */
export const oddText =
  'naïve 東京 🗼 👩‍👩‍👧 e\u0301 \u202Eright\u202C \uFEFF \u2028\u2029 \u0000\u0007\u001B[0m \r\n\n\r\t \\n \\u0041 "quoted" \'it\' `x` </script> <|im_end|> data: [DONE]\n\ndata: {}\n\n{"type":"error"} \u{10FFFF} %00 &amp; ';

const finishReasons: readonly (readonly [FinishReason, readonly Need[]])[] = [
  ["stop", []],
  ["length", []],
  ["content-filter", ["contentFilter"]],
  ["other", ["otherReasons"]],
];

/** What a model says. */
export const answerCases: readonly ModelCase[] = [
  {
    name: "a text in pieces is one text",
    async run(context) {
      const served = await context.serve(textReply(["One, ", "two", ", three."]));
      const answer = await answerOf(context, served);
      assert.equal(said(answer).text, "One, two, three.");
      assert.equal(answer.finishReason, "stop");
    },
  },
  {
    name: "a stream has each piece as it comes, and `finish` last and once",
    needs: ["stream"],
    async run(context) {
      const deltas = await deltasOf((await context.serve(textReply(["One, ", "two", ", three."]))).model);
      const ends = deltas.flatMap(({ type }, index) => (type === "finish" ? [index] : []));
      assert.deepEqual(ends, [deltas.length - 1], "where `finish` stands among the deltas");
      assert.ok(deltas.length > 2, "the text came in one piece");
    },
  },
  {
    name: "every sign of Unicode arrives, also in two reads",
    async run(context) {
      for (const chunkBytes of [1, 7, 100_000]) {
        const served = await context.serve(says(textReply([oddText, oddText]), { chunkBytes }));
        assert.equal((await saidOf(context, served)).text, oddText + oddText);
      }
    },
  },
  {
    name: "a long text of many pieces arrives whole",
    async run(context) {
      const pieces = Array.from({ length: 2_000 }, (_, index) => `${index} ${"x".repeat(index % 300)}\n`);
      assert.equal((await saidOf(context, await context.serve(textReply(pieces)))).text, pieces.join(""));
    },
  },
  {
    name: "an answer may be empty",
    async run(context) {
      const { text, calls, finishReason } = await saidOf(context, await context.serve(reply([])));
      assert.deepEqual({ text, calls, finishReason }, { text: "", calls: [], finishReason: "stop" });
    },
  },
  {
    name: "thoughts are told apart from the text",
    needs: ["reasoning"],
    async run(context) {
      const parts = [
        { type: "reasoning", text: "They greet. I greet back." },
        { type: "text", text: "Good " },
        { type: "text", text: "day." },
      ] as const;
      const { reasoning, text } = await saidOf(context, await context.serve(reply(parts)));
      assert.deepEqual({ reasoning, text }, { reasoning: "They greet. I greet back.", text: "Good day." });
    },
  },
  ...finishReasons.map(
    ([reason, needs]): ModelCase => ({
      name: `an answer that ends with "${reason}" says so`,
      needs,
      async run(context) {
        assert.equal((await saidOf(context, await context.serve(textReply(["So ", "far"], reason)))).finishReason, reason);
      },
    }),
  ),
  {
    name: "tokens are counted: cached ones as input, thoughts as output",
    async run(context) {
      const counts: Usage = { input: 1_000, cacheRead: 600, cacheWrite: 300, output: 50, reasoning: 30 };
      const { cacheRead, cacheWrite, reasoningTokens } = context.options.lacks;
      const usage: Usage = {
        ...counts,
        ...(cacheRead !== undefined && { cacheRead: 0 }),
        ...(cacheWrite !== undefined && { cacheWrite: 0 }),
        ...(reasoningTokens !== undefined && { reasoning: 0 }),
      };
      const served = await context.serve(reply([{ type: "text", text: "Well." }], "stop", usage));
      assert.deepEqual((await saidOf(context, served)).usage, usage);
      assert.deepEqual((await saidOf(context, await context.serve(reply([], "stop", noUsage)))).usage, noUsage);
    },
  },
  {
    name: "many at once don't mix",
    async run(context) {
      const { model, requests } = await context.serve(says(echo, { chunkBytes: 50 }));
      const questions = Array.from({ length: 30 }, (_, index) => `question ${index}`);
      const asked = questions.flatMap((content) =>
        waysOf(model).map(async (ask) => {
          const answer = await ask({ messages: [{ role: "user", content }] });
          assert.equal(said(answer).text, `You said: ${content}`);
        }),
      );
      await Promise.all(asked);
      assert.equal(requests.length, asked.length);
    },
  },
  {
    name: "a model has an id, and answers again after a failure",
    async run(context) {
      let isUp = false;
      const { model } = await context.serve((response, asked, wire) => (isUp ? says(echo)(response, asked, wire) : void response.destroy()));
      assert.ok(typeof model.id === "string" && model.id !== "", `its id is ${model.id}`);
      for (const ask of waysOf(model)) {
        isUp = false;
        await assert.rejects(ask(hello));
        isUp = true;
        assert.equal(said(await ask(hello)).text, "You said: Hello.");
      }
    },
  },
];

function echo({ messages }: Asked): Reply {
  const content = messages.at(-1)?.content ?? "";
  const text = typeof content === "string" ? content : content.map((part) => (part.type === "text" ? part.text : "")).join("");
  return textReply(["You said: ", text]);
}
