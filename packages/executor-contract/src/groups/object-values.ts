import assert from "node:assert/strict";
import { isMedia, type Opaque, pythonType, type Value } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { contractTools, tinyPng } from "../contract-tools.ts";
import { assertError, assertStateIsTrue, assertUsable, assertValue, failTyped } from "../ended-typed.ts";

/** Values that are no plain data, and what hostile code makes of `repr`, `str` and encoding. */
export const objectValueCases: readonly ContractCase[] = [
  {
    name: "what can't cross is described: its type and its repr",
    async run({ evaluate }) {
      assertOpaque(await evaluate("object()"), "object", /object at/);
      assertOpaque(await evaluate("len"), "builtin_function_or_method", /built-in function len/);
      assertOpaque(await evaluate("lambda: 1"), "function", /lambda/);
      assertOpaque(await evaluate("import math\nmath"), "module", /math/);
      assertOpaque(await evaluate("1 + 2j"), "complex", /\(1\+2j\)/);
      const [first, , third] = (await evaluate("[1, object(), 3]")) as readonly Value[];
      assert.deepEqual([first, third], [1, 3]);
    },
  },
  {
    name: "a dataclass instance is described with its fields",
    async run({ evaluate }) {
      assertOpaque(
        await evaluate("from dataclasses import dataclass\n@dataclass\nclass City:\n    name: str\n    size: int = 3\nCity('Paris')"),
        "City",
        /City\(name='Paris', size=3\)/,
      );
    },
  },
  {
    name: "a described object that is sent back is a dict",
    async run({ evaluate }) {
      assert.equal(await evaluate("type(echo(object())).__name__"), "dict");
    },
  },
  {
    name: "where Python hashes what is sent back, a described object is its repr and a list a tuple",
    async run({ open, run, evaluate }) {
      const code = "import enum\nclass Color(enum.Enum):\n    RED = 1\n";
      const text = "<Color.RED: 1>";
      assert.equal(await evaluate(`${code}echo({Color.RED: 1, (Color.RED, 2): {Color.RED}}) == {'${text}': 1, ('${text}', 2): {'${text}'}}`), true);
      const answer = (await run(await open(), `${code}final_answer({frozenset([Color.RED]): {Color.RED: 3j}})`)).execution.finalAnswer;
      assert.equal(await evaluate(`sent[frozenset(['${text}'])]['${text}']['repr']`, { sent: answer?.value ?? null }), "3j");
      const pairs = new Set([["a", 1]]) as unknown as Value;
      assert.equal(await evaluate("sent == {('a', 1)}", { sent: pairs }), true);
    },
  },
  {
    name: "subclasses of plain types cross as what they hold",
    async run({ evaluate }) {
      const code =
        "import collections\nclass S(str):\n    def __len__(self): return 10**12\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\n";
      assert.equal(await evaluate(`${code}S('x')`), "x");
      assert.deepEqual({ ...((await evaluate("import collections\ncollections.Counter('aab')")) as object) }, { a: 2, b: 1 });
      assert.deepEqual({ ...((await evaluate("import collections\ncollections.OrderedDict(b=1, a=2)")) as object) }, { b: 1, a: 2 });
    },
  },
  {
    name: "a __repr__ that raises is no error",
    async run({ evaluate }) {
      const value = await evaluate("class Bad:\n    def __repr__(self): raise RuntimeError('no repr')\nBad()");
      assertOpaque(value, "Bad", /^/);
    },
  },
  {
    name: "an endless __repr__ ends at the timeout, and a huge one is cut",
    async run({ open, run, evaluate }) {
      const session = await open();
      const step = await run(session, "class Bad:\n    def __repr__(self):\n        while True: pass\nBad()", { timeoutMs: 500 });
      assert.ok(step.execution.error === undefined || step.execution.error.name === "TimeoutError");
      assert.ok(step.elapsedMs < 3_000, `it took ${step.elapsedMs} ms`);
      const value = (await evaluate("class Long:\n    def __repr__(self): return 'r' * 10_000_000\nLong()")) as Opaque;
      assert.ok(value.repr.length < 1_000_000);
    },
  },
  {
    name: "an exception whose text raises or never ends is an error of the code",
    async run({ open, run }) {
      const session = await open();
      assertError(
        (await run(session, "class Evil(Exception):\n    def __str__(self): raise RuntimeError('no text')\nraise Evil()")).execution,
        "Evil",
      );
      const step = await run(
        session,
        "class Endless(Exception):\n    def __str__(self):\n        while True: pass\n    __repr__ = __str__\nraise Endless()",
        { timeoutMs: 500 },
      );
      assert.ok(step.execution.error);
      assert.ok(step.elapsedMs < 3_000, `it took ${step.elapsedMs} ms`);
    },
  },
  {
    name: "a value that contains itself is a typed error, as result, argument and answer",
    async run(context) {
      const session = await context.open();
      for (const use of ["a", "echo(a)", "final_answer(a)"]) await failTyped(context, session, `a = []\na.append(a)\n${use}`);
      await failTyped(context, session, "d = {}\nd['d'] = d\nd");
      await assertUsable(context, session);
    },
  },
  {
    name: "a result of a billion parts, which are the same few many times, is described at once",
    async run(context) {
      const session = await context.open();
      const { execution } = await context.run(session, "keep = 7\nx = [0] * 10\nfor _ in range(9):\n    x = [x] * 10\nx");
      assertOpaque(execution.value, "list", /^\[{10}0, 0, /);
      await assertStateIsTrue(context, session, execution);
    },
  },
  {
    name: "properties and descriptors of a hostile class don't run on the host's side",
    async run({ open, run }) {
      const code =
        "class Trap:\n    def __getattribute__(self, name): raise RuntimeError(name)\n    def __iter__(self): raise RuntimeError('iter')\nTrap()";
      const { execution } = await run(await open(), code);
      assert.equal(execution.error?.name === "SessionDied", false);
    },
  },
  {
    name: "media from the host comes back as media",
    async run({ open, run }) {
      const session = await open({ tools: contractTools, variables: { photo: { mediaType: "image/png", data: tinyPng } } });
      const { value } = (await run(session, "photo")).execution;
      assert.ok(isMedia(value), `expected media, got ${JSON.stringify(value)}`);
      assert.equal(value.mediaType, "image/png");
      const sound = { mediaType: "audio/wav", data: Uint8Array.of(82, 73, 70, 70) };
      await session.bind({ variables: { sound } });
      assertValue((await run(session, "sound")).execution, sound);
    },
  },
  {
    name: "objects have no prototype, and the prototypes of the host stay clean",
    async run({ evaluate }) {
      const before = Object.getOwnPropertyNames(Object.prototype);
      const value = await evaluate("{'__proto__': {'polluted': 1}, 'inner': [{'__proto__': 2}]}");
      assert.equal(Object.getPrototypeOf(value), null);
      assert.deepEqual(Object.keys(value as object), ["__proto__", "inner"]);
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
    },
  },
];

function assertOpaque(value: Value, type: string, repr: RegExp): void {
  const opaque = value as Opaque;
  assert.equal(opaque?.[pythonType], "opaque", `expected an opaque value, got ${JSON.stringify(value)}`);
  assert.ok(opaque.type.endsWith(type), `${opaque.type} is not ${type}`);
  assert.match(opaque.repr, repr);
}
