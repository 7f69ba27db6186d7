import { expect, it } from "vitest";
import { ModelCallError } from "./errors.ts";
import type { ContentPart, Model, ModelDelta, ModelRequest, ModelResponse } from "./model.ts";
import { action, agentOf, eventsOf } from "./testing/code-agents.ts";

const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };
const answer: ModelResponse = { content: [{ type: "text", text: action("answer 1") }], usage, finishReason: "stop" };

/** A model that fails so, once, and then answers. */
function failing(thrown: unknown): Model & { readonly requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  const generate = async (request: ModelRequest): Promise<ModelResponse> => {
    if (requests.push(request) === 1) throw thrown;
    return answer;
  };
  return { id: "m", generate, requests };
}

it.each<readonly [string, unknown, string]>([
  ["an error of its own code", new TypeError("x is undefined"), "The model m failed: TypeError: x is undefined"],
  ["a text", "no", "The model m failed: Error: no"],
  ["null", null, "The model m failed: Error: threw null"],
  ["an error of a status that is none", Object.assign(new Error("no"), { status: "503" }), "The model m failed: Error: no"],
])("asks a model once that throws %s", async (_, thrown, message) => {
  const model = failing(thrown);
  await expect(agentOf([], { model }).run("task")).rejects.toMatchObject({ code: "model-call", message, cause: thrown, retryable: false });
  expect(model.requests).toHaveLength(1);
});

it("asks again where the error's status says that it may go better, and tells why", async () => {
  const model = failing(Object.assign(new Error("overloaded"), { status: 503 }));
  const events = await eventsOf(agentOf([], { model }).start("task"));
  expect(model.requests).toHaveLength(2);
  const retry = { type: "model-retry", message: "The model m failed: Error: overloaded", delayMs: expect.any(Number) };
  expect(events).toContainEqual(expect.objectContaining(retry));
});

it("has what is known of a failure in the error's details", () => {
  expect(new ModelCallError("x", { status: 429, retryAfterMs: 5, details: { id: "r" } }).details).toEqual({
    ...{ id: "r", status: 429, retryable: true, retryAfterMs: 5 },
  });
  expect(new ModelCallError("x", { retryable: false }).details).toEqual({ status: null, retryable: false, retryAfterMs: null });
});

it.each([
  ["a call without a name", { type: "tool-call", id: "a", input: {} }],
  ["reasoning without a text", { type: "reasoning" }],
  ["a part without a type", { text: "hello" }],
  ["nothing", null],
])("refuses an answer with %s", async (_, part) => {
  const model = async (): Promise<ModelResponse> => ({ ...answer, content: [...answer.content, part as ContentPart] });
  await expect(agentOf([], { model }).run("task")).rejects.toMatchObject({ code: "model-call", retryable: false });
});

it("counts strange numbers of tokens as none", async () => {
  const strange = { input: Number.NaN, output: -5, reasoning: "7", cacheRead: Number.POSITIVE_INFINITY, cacheWrite: 3 };
  const model = async (): Promise<ModelResponse> => ({ ...answer, usage: strange as never });
  expect(await agentOf([], { model }).run("task")).toMatchObject({
    usage: { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 3 },
    steps: [{}, {}, { usage: { cacheWrite: 3 } }],
  });
});

it("keeps signed reasoning apart, joins the rest, and ends a stream that it leaves", async () => {
  let isClosed = false;
  const pieces: ModelDelta[] = [
    { type: "reasoning", text: "a" },
    { type: "reasoning", text: "b", signature: "signed" },
    { type: "reasoning", text: "c" },
    { type: "text", text: action("answer") },
    { type: "tool-call", id: "1", name: "final_answer", input: {} },
    { type: "tool-call", id: "2", name: "final_answer", input: {} },
    { type: "finish", usage, finishReason: "stop" },
  ];
  async function* stream(): AsyncGenerator<ModelDelta> {
    try {
      yield* pieces;
      yield { type: "text", text: "too late" };
    } finally {
      isClosed = true;
    }
  }
  const events = await eventsOf(agentOf([], { model: { id: "m", generate: async () => answer, stream }, maxSteps: 1 }).start("task"));
  const deltas = events.flatMap((event) => (event.type === "model-delta" ? [event.text] : []));
  expect(deltas.slice(0, 4)).toEqual(["a", "b", "c", action("answer")]);
  expect(isClosed).toBe(true);
});
