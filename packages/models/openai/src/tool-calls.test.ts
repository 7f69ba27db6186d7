import { expect, it } from "vitest";
import { toolCallMerger } from "./tool-calls.ts";

const piece = (text: string, more: object = {}, name?: string): object => ({ ...more, function: { ...(name && { name }), arguments: text } });

function merged(...deltas: readonly unknown[][]): readonly object[] {
  const merger = toolCallMerger();
  for (const delta of deltas) merger.add(delta);
  return merger.finish().map(({ id, name, input }) => ({ id, name, input }));
}

it("puts calls together by index, also when their pieces alternate", () => {
  const calls = merged(
    [piece("", { index: 0, id: "a" }, "f")],
    [piece('{"x"', { index: 0 }), piece("[1", { index: 1, id: "b" }, "g")],
    [piece("]", { index: 1 }), piece(":1}", { index: 0 })],
  );
  expect(calls).toEqual([
    { id: "a", name: "f", input: { x: 1 } },
    { id: "b", name: "g", input: [1] },
  ]);
});

it("goes on with the last call when a piece has no index", () => {
  expect(merged([piece("{", { id: "a" }, "f")], [piece("}")], [piece("{}", { id: "b" }, "g")], [piece("", { id: "a" })])).toEqual([
    { id: "a", name: "f", input: {} },
    { id: "b", name: "g", input: {} },
  ]);
});

it("begins a call at a new id, though every call has index 0", () => {
  expect(merged([piece("1", { index: 0, id: "a" }, "f")], [piece("2", { index: 0, id: "b" }, "f")], [piece("3", { index: 0 })])).toEqual([
    { id: "a", name: "f", input: 1 },
    { id: "b", name: "f", input: 23 },
  ]);
});

it("takes a name once, though it is repeated", () => {
  expect(merged([piece("{", { index: 0, id: "a" }, "f")], [piece("}", { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input: {} }]);
});

it.each([
  ["", {}],
  ["  ", {}],
  ["{'single': True}", "{'single': True}"],
  ["{", "{"],
  ["[".repeat(50_000) + "]".repeat(50_000), "[".repeat(50_000) + "]".repeat(50_000)],
])("keeps what is not usable JSON as text", (text, input) => {
  expect(merged([piece(text, { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input }]);
});

it("takes arguments that came as an object", () => {
  expect(merged([{ index: 0, id: "a", function: { name: "f", arguments: { x: 1 } } }])).toEqual([{ id: "a", name: "f", input: { x: 1 } }]);
});

it("makes up an id where there is none", () => {
  const [call] = toolCallMergerWith(piece("{}", { index: 0 }, "f"));
  expect(call?.id).toMatch(/^call_.{36}$/);
});

function toolCallMergerWith(...pieces: readonly unknown[]) {
  const merger = toolCallMerger();
  merger.add(pieces);
  return merger.finish();
}
