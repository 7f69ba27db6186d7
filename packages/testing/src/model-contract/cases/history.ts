import assert from "node:assert/strict";
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from "@codelet/core";
import { hello, waysOf } from "../both-ways.ts";
import type { ModelCaseContext } from "../case-context.ts";
import type { ServedRequest } from "../loopback.ts";
import type { ModelCase } from "../model-case.ts";
import type { Reply } from "../model-wire.ts";
import { call, callsReply, reply, textReply } from "../replies.ts";
import { withTools } from "../requests.ts";
import { type SentPart, sentInput, sentParts } from "../sent-parts.ts";
import { says } from "../server-answers.ts";

/** What a model has said, and what came of it, sent back to its server. */
export const historyCases: readonly ModelCase[] = [
  {
    name: "a call goes back with its result, under the id that it came with",
    needs: ["tools", "callIds"],
    async run(context) {
      for (const sent of await sentAfter(context, callsReply(call("call_1", '{"key":"a"}')), ["found"])) {
        const [made] = callsIn(sent);
        assert.deepEqual({ id: made?.id, name: made?.name, input: sentInput(made?.input) }, { id: "call_1", name: "look_up", input: { key: "a" } });
        assert.deepEqual(
          resultsIn(sent).map(({ id, content }) => ({ id, content })),
          [{ id: "call_1", content: "found" }],
        );
      }
    },
  },
  {
    name: "several calls go back in their order, each with its own result",
    needs: ["tools", "parallelCalls"],
    async run(context) {
      const calls = callsReply(call("call_a", '{"n":1}'), call("call_b", '{"n":2}', { name: "store" }));
      for (const sent of await sentAfter(context, calls, ["first", "second"])) {
        assert.deepEqual(
          callsIn(sent).map(({ name, input }) => [name, sentInput(input)]),
          [
            ["look_up", { n: 1 }],
            ["store", { n: 2 }],
          ],
        );
        const results = resultsIn(sent);
        assert.deepEqual(
          results.map(({ content }) => content),
          ["first", "second"],
        );
        assert.deepEqual(
          results.map(({ name }, index) => name || callsIn(sent)[index]?.name), // some wires have no names there
          ["look_up", "store"],
          "the names of the tools in the results",
        );
        if (context.options.lacks.callIds !== undefined) continue;
        assert.deepEqual(
          results.map(({ id }) => id),
          callsIn(sent).map(({ id }) => id),
        );
      }
    },
  },
  {
    name: "a result goes back with its text, odd signs and all, also when it is empty or an error",
    needs: ["tools"],
    async run(context) {
      const texts = ['東京 🗼 \u2028 "}]\n', "", "Error: no such key"];
      for (const text of texts)
        for (const sent of await sentAfter(context, callsReply(call("call_1", "{}")), [text]))
          assert.ok(resultsIn(sent)[0]?.content.includes(text), `sent: ${JSON.stringify(resultsIn(sent))}`);
    },
  },
  {
    name: "text before a call goes back with it",
    needs: ["tools"],
    async run(context) {
      const answer = reply([{ type: "text", text: "I look it up." }, call("call_1", "{}")], "tool-calls");
      for (const sent of await sentAfter(context, answer, ["found"])) {
        assert.ok(sent.some((part) => "role" in part && part.role === "assistant" && part.text === "I look it up."));
        assert.equal(callsIn(sent).length, 1);
      }
    },
  },
  {
    name: "integers that a number would round go back digit by digit",
    needs: ["tools"],
    async run(context) {
      for (const { body } of await requestsAfter(context, callsReply(call("call_1", '{"id":9007199254740993}')), ["found"]))
        assert.ok(body.includes("9007199254740993"), `sent: ${body}`);
    },
  },
  {
    name: "arguments that are no JSON go back as the text that they were",
    needs: ["tools", "argumentText"],
    async run(context) {
      for (const sent of await sentAfter(context, callsReply(call("call_1", "{'city': 'Oslo'}")), ["This is no JSON."]))
        assert.equal(callsIn(sent)[0]?.input, "{'city': 'Oslo'}");
    },
  },
  {
    name: "the proof of a call goes back unchanged",
    needs: ["tools", "callSignatures"],
    async run(context) {
      const signature = "cHJvb2Y+/w==";
      for (const sent of await sentAfter(context, callsReply(call("call_1", "{}", { signature })), ["found"]))
        assert.equal(callsIn(sent)[0]?.signature, signature);
    },
  },
  {
    name: "the proof of a thought goes back unchanged",
    needs: ["reasoning", "reasoningSignatures", "tools"],
    async run(context) {
      const signature = "cHJvb2Y+/w==";
      const answer = reply([{ type: "reasoning", text: "Hm.", signature }, call("call_1", "{}")], "tool-calls");
      for (const sent of await sentAfter(context, answer, ["found"]))
        assert.deepEqual(
          sent.flatMap((part) => ("type" in part && part.type === "reasoning" ? (part.signature ?? []) : [])),
          [signature],
        );
    },
  },
  {
    name: "an answer without text goes back",
    async run(context) {
      for (const sent of await sentAfter(context, reply([]), [])) {
        const last = sent.at(-1);
        assert.ok(last !== undefined && "role" in last && last.role === "user" && last.text.endsWith("And then?"), `sent: ${JSON.stringify(sent)}`);
      }
    },
  },
];

/** The parts of what {@link requestsAfter} tells. */
async function sentAfter(...parameters: Parameters<typeof requestsAfter>): Promise<readonly (readonly SentPart[])[]> {
  return (await requestsAfter(...parameters)).map(({ asked }) => sentParts(asked));
}

/** What the server gets after an answer of its own and the results of the calls in it, in each of the ways. */
async function requestsAfter(context: ModelCaseContext, answer: Reply, results: readonly string[]): Promise<readonly ServedRequest[]> {
  const request = context.options.lacks.tools === undefined ? withTools : hello;
  const { model, requests } = await context.serve((...served) => says(requests.length % 2 === 1 ? answer : textReply(["Done."]))(...served));
  for (const ask of waysOf(model)) {
    const { content } = await ask(request);
    await ask({ ...request, messages: [...request.messages, { role: "assistant", content }, ...answersTo(content, results)] });
  }
  assert.equal(requests.length, 2 * waysOf(model).length, "requests for as many calls");
  return requests.filter((_, index) => index % 2 === 1);
}

function answersTo(content: readonly ContentPart[], results: readonly string[]): readonly Message[] {
  const calls = content.filter((part) => part.type === "tool-call");
  const parts = calls.map(
    ({ id, name }, index): ToolResultPart => ({
      ...{ type: "tool-result", id, name, content: results[index] ?? "" },
      ...(results[index]?.startsWith("Error") && { isError: true }),
    }),
  );
  return parts.length === 0 ? [{ role: "user", content: "And then?" }] : [{ role: "tool", content: parts }];
}

function callsIn(sent: readonly SentPart[]): readonly ToolCallPart[] {
  return sent.filter((part) => "type" in part && part.type === "tool-call");
}

function resultsIn(sent: readonly SentPart[]): readonly ToolResultPart[] {
  return sent.filter((part) => "type" in part && part.type === "tool-result");
}
