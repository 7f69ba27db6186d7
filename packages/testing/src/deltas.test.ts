import { type ModelDelta, type ModelResponse, noUsage } from "@codelet/core";
import { expect, it } from "vitest";
import { deltasOf, responseOf } from "./deltas.ts";

const finish = { type: "finish", usage: noUsage, finishReason: "stop" } as const;
const call = { type: "tool-call", id: "1", name: "f", input: {} } as const;
const text = (said: string): ModelDelta & { readonly type: "text" } => ({ type: "text", text: said });
const reasoning = (thought: string, more: object = {}): ModelDelta & { readonly type: "reasoning" } => ({
  type: "reasoning",
  text: thought,
  ...more,
});

it("joins deltas of one kind that follow on each other, and keeps what reasoning was told beside its text", () => {
  const deltas = [reasoning("a"), reasoning("b", { signature: "s" }), text("c"), text("d"), reasoning("e"), call, text("f"), finish];
  expect(responseOf(deltas)).toEqual({
    content: [reasoning("ab", { signature: "s" }), text("cd"), reasoning("e"), call, text("f")],
    usage: noUsage,
    finishReason: "stop",
  });
});

it("makes one delta of each part of a whole answer", () => {
  const content: ModelResponse["content"] = [reasoning("a"), text("b"), call];
  expect(deltasOf({ content, usage: noUsage, finishReason: "stop" })).toEqual([...content, finish]);
});

it("is a call that failed where the end is missing", () => {
  expect(() => responseOf([text("a")])).toThrow(expect.objectContaining({ code: "model-call", retryable: true }));
});
