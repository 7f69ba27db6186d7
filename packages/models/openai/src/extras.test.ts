import { expect, it } from "vitest";
import { callSignature, detailsMerger, detailsSignature, extraContent, reasoningDetails } from "./extras.ts";

const merged = (...deltas: readonly unknown[]): unknown => {
  const merger = detailsMerger();
  for (const delta of deltas) merger.add(delta);
  return JSON.parse(merger.finish() ?? "null");
};
const text = (said: string, more: object = {}): object => ({ type: "reasoning.text", text: said, ...more });
const deep = JSON.parse(`{"data":${"[".repeat(200)}${"]".repeat(200)}}`) as object;

it("puts together the pieces of one thought of a stream, and no others", () => {
  expect(merged([text("a", { index: 0 })], [text("b", { index: 0, signature: "s" })])).toEqual([text("ab", { index: 0, signature: "s" })]);
  expect(merged([text("a", { index: 0 }), text("b", { index: 1 })])).toEqual([text("a", { index: 0 }), text("b", { index: 1 })]);
  const summary = { type: "reasoning.summary", summary: "s" };
  expect(merged([summary], [summary], [text("a")])).toEqual([{ ...summary, summary: "ss" }, text("a")]);
  const encrypted = { type: "reasoning.encrypted", data: "e" };
  expect(merged([encrypted], [encrypted])).toEqual([encrypted, encrypted]);
});

it("leaves out what is no detail or too deep to be walked", () => {
  expect(merged(undefined, [null, "x", deep, text("a")])).toEqual([text("a")]);
  expect(merged([deep])).toBeNull();
  expect([callSignature(deep), callSignature("x"), callSignature(undefined)]).toEqual([undefined, undefined, undefined]);
});

it("leaves the thoughts of a whole message apart, each with its signature", () => {
  const whole = [text("a", { signature: "1" }), text("b", { signature: "2" })];
  expect(reasoningDetails(detailsSignature([...whole, deep, null]))).toEqual(whole);
  expect(detailsSignature([])).toBeUndefined();
});

it("begins another thought after a signature, as a stream in one piece and one that numbers all alike need it", () => {
  const [first, second] = [text("a", { signature: "1" }), text("b", { signature: "2" })];
  expect(merged([first, second])).toEqual([first, second]);
  const numbered = (piece: object): object => ({ ...piece, index: 0 });
  expect(merged([numbered(text("a"))], [numbered({ type: "reasoning.text", signature: "1" })], [numbered(second)])).toEqual(
    [first, second].map(numbered),
  );
});

it("takes no other provider's signature for its own", () => {
  for (const signature of [undefined, "not JSON", '"text"', "7"])
    expect([extraContent(signature), reasoningDetails(signature)]).toEqual([undefined, []]);
});
