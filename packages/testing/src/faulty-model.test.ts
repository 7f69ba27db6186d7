import { getEventListeners } from "node:events";
import type { Model, ModelDelta, ModelRequest } from "@codelet/core";
import { expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { faultyModel } from "./faulty-model.ts";
import { scriptedModel } from "./scripted-model.ts";

const request: ModelRequest = { messages: [{ role: "user", content: "x" }] };

async function typesOf(model: Model, asked: ModelRequest = request): Promise<readonly ModelDelta["type"][]> {
  const types: ModelDelta["type"][] = [];
  for await (const { type } of model.stream?.(asked) ?? []) types.push(type);
  return types;
}

it("fails the calls of the plan and no other, without asking the model behind", async () => {
  const inner = scriptedModel(["a", "b"]);
  const model = faultyModel(inner, [
    { call: 2, type: "error", status: 429, retryAfterMs: 5 },
    { call: 3, type: "error" },
  ]);
  expect((await model.generate(request)).content).toEqual([{ type: "text", text: "a" }]);
  await expect(model.generate(request)).rejects.toMatchObject({ code: "model-call", status: 429, retryable: true, retryAfterMs: 5 });
  await expect(typesOf(model)).rejects.toMatchObject({ code: "model-call", status: undefined, retryable: true });
  expect(await typesOf(model)).toEqual(["text", "finish"]);
  expect(inner.requests).toHaveLength(2);
});

it("cuts a stream after so many deltas", async () => {
  const model = faultyModel(scriptedModel([["a", "b"], ["a", "b"], "c"]), [
    { call: 1, type: "cut", afterDeltas: 1 },
    { call: 2, type: "cut", afterDeltas: 0 },
    { call: 3, type: "cut", afterDeltas: 1 },
  ]);
  expect(await typesOf(model)).toEqual(["text"]);
  expect(await typesOf(model)).toEqual([]);
  await expect(model.generate(request)).rejects.toMatchObject({ retryable: true });
});

it("streams where the model behind does, and nowhere else", () => {
  const { id, generate } = scriptedModel(["a"]);
  expect(faultyModel({ id, generate }, []).stream).toBeUndefined();
});

it("hangs until it is aborted, or ends at once when it was before", async () => {
  const inner = scriptedModel(["a", "a"]);
  const model = faultyModel(inner, [
    { call: 1, type: "hang" },
    { call: 2, type: "hang" },
  ]);
  const controller = new AbortController();
  const hanging = model.generate({ ...request, signal: controller.signal });
  await new Promise(setImmediate);
  controller.abort("enough");
  await expect(hanging).rejects.toMatchObject({ code: "aborted", cause: "enough" });
  await expect(model.generate({ ...request, signal: controller.signal })).rejects.toMatchObject({ code: "aborted", cause: "enough" });
  expect(inner.requests).toEqual([]);
});

it("delays an answer by the clock", async () => {
  const clock = new FakeClock();
  const model = faultyModel(scriptedModel(["a"]), [{ call: 1, type: "delay", delayMs: 60_000 }], { clock });
  let isDone = false;
  const answer = model.generate(request).then(() => {
    isDone = true;
  });
  await clock.advance(59_999);
  expect(isDone).toBe(false);
  await clock.advance(1);
  await answer;
});

it("ends a delay in real time when it is aborted", async () => {
  const model = faultyModel(scriptedModel([]), [{ call: 1, type: "delay", delayMs: 60_000 }]);
  await expect(typesOf(model, { ...request, signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ code: "aborted" });
});

it("delays an answer in real time, and leaves no listener behind", async () => {
  const model = faultyModel(scriptedModel(["a", "b"]), [
    { call: 1, type: "delay", delayMs: 5 },
    { call: 2, type: "delay", delayMs: 60_000 },
  ]);
  const { signal } = new AbortController();
  expect((await model.generate({ ...request, signal })).content).toEqual([{ type: "text", text: "a" }]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await expect(model.generate({ ...request, signal: AbortSignal.abort("before") })).rejects.toMatchObject({ code: "aborted", cause: "before" });
});

it.each([0, 1.5])("refuses the call %j, which can't be", (call) => {
  expect(() => faultyModel(scriptedModel([]), [{ call, type: "hang" }])).toThrow("Expected `call` to be an integer >= 1");
});
