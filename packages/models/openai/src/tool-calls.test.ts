import { expect, it } from "vitest";
import { numberedCalls, toolCallMerger } from "./tool-calls.ts";

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

it("begins a call at a new id before there are arguments, where every call has index 0", () => {
  const pieces = [
    ["{}", "a", "f"],
    ["", "b", "g"],
    ["{", "b"],
    ["}", ""],
  ].map(([text = "", id, name]) => piece(text, { index: 0, id }, name));
  expect(merged(pieces)).toEqual([
    { id: "a", name: "f", input: {} },
    { id: "b", name: "g", input: {} },
  ]);
});

it("goes on with the call of an index though each piece has an id of its own, as Poolside's and vLLM's have", () => {
  const pieces = [piece("", { index: 0, id: "a" }, "f"), piece('{"x"', { index: 0, id: "b" }), piece(":1}", { index: 0, id: "c" })];
  expect(merged(pieces)).toEqual([{ id: "a", name: "f", input: { x: 1 } }]);
});

it.each<[string, (count: number) => object]>([
  ["ids", (count) => piece("{}", { id: `x${count}` }, "f")],
  ["brackets", () => piece("[", {}, "f")],
  ["brackets at one index", () => piece("[", { index: 0 }, "f")],
])("takes a flood of %s in time", (_, make) => {
  const startedAt = performance.now();
  merged(Array.from({ length: 100_000 }, (_item, count) => make(count)));
  expect(performance.now() - startedAt).toBeLessThan(20_000); // minutes without a bound, and a busy machine is slow
});

it("takes a name that comes in pieces", () => {
  const pieces = [piece("", { index: 0, id: "a" }, "get_"), piece("", { index: 0 }, "time"), piece("{}", { index: 0 })];
  expect(merged(pieces)).toEqual([{ id: "a", name: "get_time", input: {} }]);
});

it("takes a name once, though it is repeated", () => {
  expect(merged([piece("{", { index: 0, id: "a" }, "f")], [piece("}", { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input: {} }]);
});

it("begins a call at a named piece with arguments once those before it are complete, where ids don't tell", () => {
  const twice = [
    { id: expect.stringMatching(/^call_/), name: "f", input: { x: 1 } },
    { id: expect.stringMatching(/^call_/), name: "f", input: { x: 2 } },
  ];
  for (const more of [{ index: 0 }, { index: 0, id: "" }, { id: "" }, {}])
    expect(merged([piece('{"x":1}', more, "f")], [piece('{"x":', more, "f"), piece("2}", more, "f")])).toEqual(twice);
  const [first, second] = merged([piece('{"x":1}', { index: 0 }, "f")], [piece('{"x":2}', { index: 0, id: "b" }, "g")]);
  expect([first, second]).toEqual([twice[0], { id: "b", name: "g", input: { x: 2 } }]);
});

it("begins a call at a named piece with arguments too where every call has the same id", () => {
  for (const more of [{ id: "0" }, { id: "0", index: 0 }]) {
    const calls = merged([piece('{"x":1}', more, "f"), piece('{"x":', more, "g"), piece("2", more, "g"), piece("}", more)]);
    expect(calls).toEqual([
      { id: "0", name: "f", input: { x: 1 } },
      { id: "0", name: "g", input: { x: 2 } },
    ]);
  }
});

it("goes on with a call without an id while its arguments are incomplete, or a piece has no name or no arguments", () => {
  const pieces = [piece("", {}, "f"), piece("{", {}, "f"), piece("}", {}, "f"), piece("", {}, "f"), piece(" ")];
  expect(merged(pieces)).toEqual([{ id: expect.any(String), name: "f", input: {} }]);
});

it("takes an id that comes late", () => {
  expect(merged([piece("", { index: 0 }, "f")], [piece("{}", { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input: {} }]);
});

it.each([
  ["no ids", {}],
  ["empty ids", { id: "" }],
  ["equal ids", { id: "a" }],
  ["the same index", { index: 0 }],
])("takes each call of a whole message for its own, with %s", (_, more) => {
  const calls = merged([...numberedCalls({ tool_calls: [piece("", more, "f"), null, piece('{"x":1}', more, "f"), piece('{"x":1}', more, "f")] })]);
  expect(calls).toMatchObject([{ input: {} }, { input: { x: 1 } }, { input: { x: 1 } }]);
});

it.each([
  ["", {}],
  ["  ", {}],
  ["{'single': True}", "{'single': True}"],
  ["{", "{"],
  ['"\\"hello\\""', '"\\"hello\\""'],
  ["[".repeat(50_000) + "]".repeat(50_000), "[".repeat(50_000) + "]".repeat(50_000)],
])("keeps what is not usable JSON as text", (text, input) => {
  expect(merged([piece(text, { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input }]);
});

it.each([
  ['{"id": 9007199254740993}', '{"id": 9007199254740993}'],
  ['{"ids": [1, -12345678901234567890]}', '{"ids": [1, -12345678901234567890]}'],
  ['{"wei": 1000000000000000000}', { wei: 1e18 }],
  ['{"x": 0.12345678901234567}', { x: Number("0.12345678901234567") }],
  ['{"x": 12345678901234567890.0}', { x: Number("12345678901234567890") }],
  ['{"id": "9007199254740993"}', { id: "9007199254740993" }],
])("rounds no integer: %s", (text, input) => {
  expect(merged([piece(text, { index: 0, id: "a" }, "f")])).toEqual([{ id: "a", name: "f", input }]);
});

it("takes arguments that came as an object", () => {
  expect(merged([{ index: 0, id: "a", function: { name: "f", arguments: { x: 1 } } }])).toEqual([{ id: "a", name: "f", input: { x: 1 } }]);
});

it("makes up an id where there is none", () => {
  const [call] = toolCallMergerWith(piece("{}", { index: 0 }, "f"));
  expect(call?.id).toMatch(/^call_.{36}$/);
});

it("keeps what the server signed a call with, whichever piece had it", () => {
  const [call] = toolCallMergerWith(piece("{", { index: 0, id: "a", extra_content: { x: 1 } }, "f"), piece("}", { index: 0 }));
  expect(call).toMatchObject({ input: {}, signature: '{"x":1}' });
});

function toolCallMergerWith(...pieces: readonly unknown[]) {
  const merger = toolCallMerger();
  merger.add(pieces);
  return merger.finish();
}
