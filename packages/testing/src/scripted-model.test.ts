import { type Message, type Model, type ModelDelta, type ModelRequest, noUsage } from "@codelet/core";
import { expect, it } from "vitest";
import { scriptedModel } from "./scripted-model.ts";

const ask = (text: string): ModelRequest => ({ messages: [{ role: "user", content: text }] });

async function gather(model: Model, request: ModelRequest): Promise<readonly ModelDelta[]> {
  const deltas: ModelDelta[] = [];
  for await (const delta of model.stream?.(request) ?? []) deltas.push(delta);
  return deltas;
}

const usage = { ...noUsage, input: 7, output: 2 };
const finish = { type: "finish", usage, finishReason: "stop" } as const;

it("gives one reply after the other, whole or streamed as it is asked", async () => {
  const response = {
    content: [{ type: "reasoning", text: "hm" } as const, { type: "text", text: "b" } as const],
    usage: noUsage,
    finishReason: "length",
  } as const;
  const model = scriptedModel(["a", response, ["c", "d"], ({ messages }) => `${messages.length}`], { usage });
  expect(await gather(model, ask("1"))).toEqual([{ type: "text", text: "a" }, finish]);
  expect(await model.generate(ask("2"))).toBe(response);
  expect(await gather(scriptedModel([response]), ask("2"))).toEqual([...response.content, { ...finish, usage: noUsage, finishReason: "length" }]);
  expect(await model.generate(ask("3"))).toEqual({ content: [{ type: "text", text: "cd" }], usage, finishReason: "stop" });
  expect(model.remaining).toBe(1);
  expect(await gather(model, ask("4"))).toEqual([{ type: "text", text: "1" }, finish]);
  expect(model.remaining).toBe(0);
});

it("streams the pieces as they were written", async () => {
  const call = { type: "tool-call", id: "1", name: "f", input: {} } as const;
  const model = scriptedModel(
    [
      ["a", "b"],
      ["a", call],
      ["a", { ...finish, finishReason: "length" }],
    ],
    { usage },
  );
  expect(await gather(model, ask("1"))).toEqual([{ type: "text", text: "a" }, { type: "text", text: "b" }, finish]);
  expect(await gather(model, ask("2"))).toEqual([{ type: "text", text: "a" }, call, { ...finish, finishReason: "tool-calls" }]);
  expect(await gather(model, ask("3"))).toEqual([
    { type: "text", text: "a" },
    { ...finish, finishReason: "length" },
  ]);
});

it("throws the errors of the script", async () => {
  const error = new Error("down");
  const model = scriptedModel([error, () => error]);
  await expect(model.generate(ask("1"))).rejects.toBe(error);
  await expect(gather(model, ask("2"))).rejects.toBe(error);
});

it("fails on a call too many, and says which", async () => {
  const model = scriptedModel(["a"]);
  await model.generate(ask("1"));
  await expect(gather(model, ask("And now?"))).rejects.toMatchObject({
    code: "configuration",
    message: "scriptedModel was called 2 times and has 1 replies. The last call ends with message 1 (user): And now?",
  });
});

it("records what it was asked, frozen, and not what is added to the list later", async () => {
  const messages: Message[] = [{ role: "user", content: [{ type: "image", image: { mediaType: "image/png", data: new Uint8Array(2) } }] }];
  const model = scriptedModel(["a", "b"]);
  await model.generate({ messages, stop: ["s"] });
  messages.push({ role: "assistant", content: "a" });
  await model.generate({ messages });
  expect(model.requests.map((request) => request.messages.length)).toEqual([1, 2]);
  expect(model.requests[0]?.stop).toEqual(["s"]);
  expect(() => Object.assign(messages[0] ?? {}, { role: "system" })).toThrow(TypeError);
  expect(Object.isFrozen(messages[0]?.content)).toBe(true);
});

it("keeps no requests when told so", async () => {
  const model = scriptedModel(["a"], { keepRequests: false });
  await model.generate(ask("1"));
  expect(model.requests).toEqual([]);
});

it("stops at an aborted signal, also between two deltas", async () => {
  const controller = new AbortController();
  const model = scriptedModel([["a", "b"]]);
  await expect(model.generate({ ...ask("1"), signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  const iterator = model.stream({ ...ask("1"), signal: controller.signal })[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual({ type: "text", text: "a" });
  controller.abort();
  await expect(iterator.next()).rejects.toMatchObject({ code: "aborted" });
});
