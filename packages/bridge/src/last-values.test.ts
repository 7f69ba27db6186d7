import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const billion = "x = [0] * 10\nfor _ in range(9): x = [x] * 10\n";
const longText = "x = ['x' * 1_000_000] * 50_000\n";

test.each([
  ["a billion parts that share", billion, "list", /^\[{10}0, 0, .{9900,}\.\.\.$/],
  ["a text of fifty gigabytes", longText, "list", /^\['x{9000,}\.\.\.$/],
  ["bytes of fifty gigabytes", "x = {'b': [bytes(1_000_000)] * 50_000}\n", "dict", /^\{'b': \[b'\\x00.{9000,}\.\.\.$/],
])("describes as last value %s", async (_, code, type, repr) => {
  await using session = await openSession();
  expect(await run(session, `keep = 7\n${code}x`, {}, { timeoutMs: 5_000 })).toMatchObject({
    error: undefined,
    value: { type, repr: expect.stringMatching(repr) },
    valueText: expect.stringMatching(new RegExp(repr.source.replace(/\{9\d00,\}/, "{19000,}"))),
  });
  expect(await run(session, "keep")).toMatchObject({ value: 7 });
});

test.each([
  ["a list that contains itself", "x = [1]\nx.append(x)\n", /^\[1, \[\.\.\.\]\]$/],
  ["a dict that contains itself", "x = {'a': ()}\nx['self'] = [x]\n", /^\{'a': \(\), 'self': \[\{\.\.\.\}\]\}$/],
  ["a value deeper than can leave", "x = (frozenset({1}),)\nfor _ in range(300): x = [x]\n", /^\[{300}\(frozenset\(\{1\}\),\)\]{300}$/],
  ["a value deeper than Python can print", "x = []\nfor _ in range(200_000): x = [x]\n", /^\[{100,}\.\.\.$/],
  ["a billion parts that share", billion, /^\[{10}0, 0, .{9900,}\.\.\.$/],
  ["a list that a repr of its own adds to", "class Adds:\n    def __repr__(self): x.append(self); return 'one'\nx = [Adds()]\n", /^\[one, .*\.\.\.$/],
])("display() shows the start of %s", async (_, code, text) => {
  await using session = await openSession();
  const { outputs, error } = await run(session, `${code}display(x)`, {}, { timeoutMs: 5_000 });
  expect(error).toBeUndefined();
  expect(outputs).toMatchObject([{ "text/plain": expect.stringMatching(text) }]);
});

test.each([
  ["a list that contains itself", "x = []\nx.append(x)\n"],
  ["a billion parts that share", billion],
  ["a text of fifty gigabytes", longText],
])("refuses as argument and as answer %s", async (_, code) => {
  await using session = await openSession({ tools: [signature("take", { x: {} })] });
  for (const use of ["take(x)", "final_answer(x)"])
    expect(await run(session, code + use)).toMatchObject({
      error: { name: "ValueError", message: expect.stringContaining("can't leave the sandbox") },
      finalAnswer: undefined,
      stateLost: false,
    });
});

test("prints a value as print() does, up to its first 20,000 characters", async () => {
  await using session = await openSession();
  const values = [
    "[]",
    "()",
    "(1,)",
    "(1, 'a')",
    "{}",
    "{1: [2], 'k': {3}}",
    "set()",
    "{1.5}",
    "frozenset()",
    "frozenset({(1, b'x')})",
    "[None, True]",
  ];
  for (const value of values) expect((await run(session, value)).valueText).toBe(value);
  expect(await run(session, "x = list(range(10_000))\nx == x and x")).toMatchObject({
    valueText: expect.stringMatching(/^\[0, 1, 2, .{19980,19992}\.\.\.$/),
    value: { length: 10_000 },
  });
});
