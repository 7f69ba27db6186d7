import assert from "node:assert/strict";
import type { Json, ModelRequest } from "@codelet/core";
import { answerOf, deltasOf, plainJson, said, saidOf } from "../both-ways.ts";
import type { ModelCase } from "../model-case.ts";
import { call, callsReply, reply } from "../replies.ts";
import { withTools } from "../requests.ts";

/** Arguments that a reader of JSON has to get right. */
const oddArguments: Json = {
  text: '東京 🗼 \u2028 "}]{[" \\',
  none: null,
  empty: { list: [], object: {}, text: "" },
  numbers: [0, -1, 1.5, 1e21, 9_007_199_254_740_991],
  nested: [[[{ deep: [true, false] }]]],
  "a key, with: signs": 1,
};

const prototypeKey = '{"__proto__":{"isAdmin":true},"constructor":1}';

/** The calls of tools that a model makes. */
export const callCases: readonly ModelCase[] = [
  {
    name: "one comes with its id, its name and parsed arguments",
    needs: ["tools"],
    async run(context) {
      const served = await context.serve(callsReply(call("call_1", '{"key": "value", "count": 3}')));
      const answer = await saidOf(context, served, withTools);
      assert.equal(answer.finishReason, "tool-calls");
      assert.deepEqual(
        answer.calls.map(({ name, input }) => ({ name, input })),
        [{ name: "look_up", input: { key: "value", count: 3 } }],
      );
      if (context.options.lacks.callIds === undefined) assert.equal(answer.calls[0]?.id, "call_1");
    },
  },
  {
    name: "several come in their order, each with an id of its own, after the text",
    needs: ["tools", "parallelCalls"],
    async run(context) {
      const calls = [call("call_a", '{"n":1}'), call("call_b", '{"n":2}', { name: "store" }), call("call_c", '{"n":3}')];
      const served = await context.serve(reply([{ type: "text", text: "Both." }, ...calls], "tool-calls"));
      const answer = await answerOf(context, served, withTools);
      assert.deepEqual(
        said(answer).calls.map(({ name, input }) => [name, input]),
        [
          ["look_up", { n: 1 }],
          ["store", { n: 2 }],
          ["look_up", { n: 3 }],
        ],
      );
      assert.equal(new Set(said(answer).calls.map(({ id }) => id)).size, 3);
      assert.equal(said(answer).text, "Both.");
    },
  },
  {
    name: "a stream has each whole and once",
    needs: ["tools", "stream"],
    async run(context) {
      const { model } = await context.serve(callsReply(call("call_1", '{"key": "a longer value, which may come in pieces"}')));
      const deltas = await deltasOf(model, withTools);
      const found = deltas.flatMap((delta) => (delta.type === "tool-call" ? [plainJson(delta.input)] : []));
      assert.deepEqual(found, [{ key: "a longer value, which may come in pieces" }]);
    },
  },
  {
    name: "two with the same id are two",
    needs: ["tools", "parallelCalls", "callIds"],
    async run(context) {
      const served = await context.serve(callsReply(call("same", '{"n":1}'), call("same", '{"n":2}', { name: "store" })));
      const { calls } = await saidOf(context, served, withTools);
      assert.deepEqual(
        calls.map(({ name, input }) => [name, input]),
        [
          ["look_up", { n: 1 }],
          ["store", { n: 2 }],
        ],
      );
    },
  },
  {
    name: "odd arguments arrive as they were written",
    needs: ["tools"],
    async run(context) {
      assert.deepEqual(await inputOf(context, JSON.stringify(oddArguments)), oddArguments);
      assert.deepEqual(await inputOf(context, "{}"), {});
      const input = await inputOf(context, prototypeKey);
      assert.equal(JSON.stringify(input), prototypeKey, "a key `__proto__` is a key like others");
      assert.equal(({} as { readonly isAdmin?: unknown }).isAdmin, undefined, "the prototype of all objects was changed");
    },
  },
  {
    name: "an integer that a number would round comes in the text of the arguments",
    needs: ["tools"],
    async run(context) {
      for (const digits of ["9007199254740993", "-12345678901234567890"]) {
        const input = await inputOf(context, `{"id":${digits}}`);
        assert.equal(typeof input, "string", `expected text, got ${JSON.stringify(input)}`);
        assert.equal(String(input).replaceAll(/\s/g, ""), `{"id":${digits}}`);
      }
    },
  },
  {
    name: "arguments that are no JSON come as the text that they are",
    needs: ["tools", "argumentText"],
    async run(context) {
      for (const text of ["{'city': 'Oslo'}", '{"city": "Os', "Oslo, please"]) assert.equal(await inputOf(context, text), text);
    },
  },
];

/** The arguments of a call, as the model hands them on. */
async function inputOf(context: Parameters<ModelCase["run"]>[0], text: string, request: ModelRequest = withTools): Promise<Json | undefined> {
  const { calls } = await saidOf(context, await context.serve(callsReply(call("call_1", text))), request);
  assert.equal(calls.length, 1, "the number of calls");
  return calls[0]?.input;
}
