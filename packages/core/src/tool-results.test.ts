import { describe, expect, it } from "vitest";
import { z } from "zod";
import { plainValue } from "./plain-value.ts";
import { anything, never, returning, run, throwing } from "./testing/tools.ts";
import { toValue } from "./to-value.ts";
import { tool } from "./tool.ts";
import { checkResult } from "./tool-values.ts";
import { pythonFloat, pythonType } from "./value.ts";

const thenKey = "then";

describe("what a tool returns", () => {
  it.each<readonly [string, unknown, unknown]>([
    ["an object with a then that is data", JSON.parse('{"then": 5}'), JSON.parse('{"then": 5}')],
    ["hostile keys as own keys", JSON.parse('{"__proto__": {"polluted": true}}'), JSON.parse('{"__proto__": {"polluted": true}}')],
    ["a BigInt", 2n ** 80n, 2n ** 80n],
    ["undefined", undefined, null],
    [
      "a class's own fields",
      new (class Point {
        x = 1;
      })(),
      { x: 1 },
    ],
    ["8 MB", "x".repeat(8_000_000), "x".repeat(8_000_000)],
    ["a Map and a Set", { map: new Map([["a", 1]]), set: new Set([1]) }, { map: { a: 1 }, set: [1] }],
    ["typed arrays", { embedding: new Float32Array([0.5, 1]), ids: new BigInt64Array([2n ** 62n]) }, { embedding: [0.5, 1], ids: [2n ** 62n] }],
    ["an ArrayBuffer", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2])],
    ["what can be iterated", { values: new Map([["a", 1]]).values(), query: new URLSearchParams("a=1") }, { values: [1], query: [["a", "1"]] }],
    [
      "an error among results",
      [{ status: "rejected", reason: new RangeError("bad") }],
      [{ status: "rejected", reason: { name: "RangeError", message: "bad" } }],
    ],
  ])("passes on: %s", async (_, result, expected) => {
    const { value, error } = await run(({ call }) => call("get", []), [returning(result)]);
    expect(error).toBeUndefined();
    expect(plainValue(value)).toEqual(expected);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is copied, also from a Buffer, whose slices share its memory", () => {
    const buffer = Buffer.from([1]);
    const value = toValue({ buffer }, 1_000);
    buffer[0] = 2;
    expect(plainValue(value)).toEqual({ buffer: new Uint8Array([1]) });
  });

  const thenable = (then: (resolve: unknown, reject: (reason: unknown) => void) => void): object =>
    Object.defineProperty({}, thenKey, { value: then });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  it.each<readonly [string, unknown, RegExp]>([
    ["a cycle", circular, /contains itself/],
    ["a function", { f: () => 1 }, /function can't leave/],
    ["a promise that nobody awaits", { later: Promise.resolve(1) }, /promise can't leave the host: await it/],
    [
      "a getter that throws",
      Object.defineProperty({}, "x", {
        enumerable: true,
        get: () => {
          throw 1;
        },
      }),
      /getter or a proxy/,
    ],
    [
      "a proxy that throws",
      new Proxy(
        {},
        {
          get: () => undefined,
          ownKeys: () => {
            throw null;
          },
        },
      ),
      /getter or a proxy/,
    ],
    ["an invalid date", new Date(Number.NaN), /can't be passed on/],
    [
      "a bottomless nest",
      (() => {
        let nest: unknown = 0;
        for (let i = 0; i < 10_000; i++) nest = [nest];
        return nest;
      })(),
      /nested deeper/,
    ],
    ["a thenable that rejects", thenable((_, reject) => reject(new Error("late"))), /late/],
    [
      "a thenable that throws",
      thenable(() => {
        throw new Error("boo");
      }),
      /boo/,
    ],
  ])("is a typed error for %s", async (_, result, message) => {
    const { error } = await run(({ call }) => call("get", []), [returning(result)]);
    expect(error?.name).toBe("ToolError");
    expect(error?.message).toMatch(message);
  });

  const lying = new Proxy(new Error("x"), {
    get: () => {
      throw 1;
    },
  });
  it("is a typed error whatever it throws", async () => {
    for (const thrown of [null, undefined, 0, "text", Symbol("s"), new Error("broken"), Object.create(null), lying]) {
      const { error } = await run(({ call }) => call("get", []), [throwing(thrown)]);
      expect(error?.name).toBe("ToolError");
    }
  });

  it("follows the output schema: numbers become floats, integers stay, and other shapes are refused", async () => {
    const output = z.object({ celsius: z.number(), days: z.int(), week: z.array(z.number()) });
    const weather = tool({ name: "get", description: "d", input: anything, output, execute: () => never });
    const result = { celsius: 14, days: 2, week: [1, 1.5] };
    expect(await checkResult(weather, result, 1_000)).toEqual({ celsius: pythonFloat(14), days: 2, week: [pythonFloat(1), 1.5] });
    await expect(checkResult(weather, { celsius: "14" }, 1_000)).rejects.toThrow(/output schema refuses/);
  });

  it("is a float where the schema says number among others, and copied as Python's own values are", async () => {
    const nullable = tool({ name: "get", description: "d", input: anything, output: z.number().nullable(), execute: () => null });
    expect(await checkResult(nullable, 2, 1_000)).toEqual(pythonFloat(2));
    const tuple = { [pythonType]: "tuple", items: [() => 1] };
    await expect(checkResult(returning(1), tuple, 1_000)).rejects.toThrow(/function/);
    await expect(checkResult(returning(1), { ["k".repeat(2_000)]: 1 }, 1_000)).rejects.toThrow(/more than/);
  });

  it("is refused when it is too large", async () => {
    await expect(checkResult(returning(1), "x".repeat(1_001), 1_000)).rejects.toThrow(/more than 1000 bytes/);
    await expect(checkResult(returning(1), new Uint8Array(1_001), 1_000)).rejects.toThrow(/more than 1000 bytes/);
  });

  it("fails in time when it never comes", async () => {
    const slow = tool({ name: "get", description: "d", input: anything, timeoutMs: 20, execute: () => new Promise(() => {}) });
    expect((await run(({ call }) => call("get", []), [slow])).error?.message).toBe("get gave no result within 20 ms.");
  });

  it("is read once: what it changes later changes nothing", async () => {
    const shared = { list: [1] };
    const { value } = await run(
      async ({ call }) => {
        const got = await call("get", []);
        shared.list.push(2);
        return got;
      },
      [returning(shared)],
    );
    expect(plainValue(value)).toEqual({ list: [1] });
  });
});

it.each<readonly [string, unknown, RegExp]>([
  ["a response that nobody has read", new Response("{}"), /a Response has no data of its own/],
  [
    "an async generator",
    (async function* () {
      yield 1;
    })(),
    /has no data of its own/,
  ],
  ["a date that is none", new Date("x"), /an invalid Date/],
])("does not take %s for an empty object", async (_, result, message) => {
  const { error } = await run(({ call }) => call("get", []), [returning(result)]);
  expect(error?.message).toMatch(message);
});

it.each<readonly [string, z.ZodType, unknown, unknown]>([
  ["that may be null", z.object({ x: z.number() }).nullable(), { x: 1 }, { x: pythonFloat(1) }],
  ["of one of several shapes", z.union([z.string(), z.object({ x: z.number() })]), { x: 1 }, { x: pythonFloat(1) }],
  ["at a place of a tuple", z.tuple([z.number(), z.int()]), [1, 2], [pythonFloat(1), 2]],
  ["behind a reference", z.object({ x: z.number().meta({ id: "Price" }) }), { x: 1 }, { x: pythonFloat(1) }],
  ["behind the places of a tuple", z.tuple([z.int()], z.number()), [1, 2], [1, pythonFloat(2)]],
  ["in a record", z.record(z.string(), z.number()), { x: 1 }, { x: pythonFloat(1) }],
  [
    "in one of two shapes that both hold",
    z.intersection(z.object({ x: z.number() }), z.object({ y: z.int() })),
    { x: 1, y: 1 },
    { x: pythonFloat(1), y: 1 },
  ],
  ["beside an integer", z.union([z.int(), z.number()]), 1, 1],
])("makes a float of a number %s", async (_, output, result, expected) => {
  const get = tool({ name: "get", description: "Gets.", input: anything, output: output as never, execute: () => result as never });
  expect(await checkResult(get, result, 1_000)).toEqual(expected);
});

it("types each level of a schema that holds itself, and takes no longer for it", async () => {
  const node: z.ZodType = z.lazy(() => z.object({ v: z.number(), kids: z.array(z.union([node, z.object({ kids: z.array(node) })])) }));
  let tree: unknown = { v: 1, kids: [] };
  for (let depth = 0; depth < 40; depth++) tree = { v: 1, kids: [tree] };
  const get = tool({ name: "get", description: "Gets.", input: anything, output: node as never, execute: () => tree as never });
  let typed = (await checkResult(get, tree, 100_000)) as { v: unknown; kids: never[] };
  for (; typed !== undefined; typed = typed.kids[0] as never) expect(typed.v).toEqual(pythonFloat(1));
});

it("leaves a result as it is where its schema says nothing of it", async () => {
  const output = z.object({ any: z.any(), list: z.array(z.any()), row: z.record(z.string(), z.any()) });
  const get = tool({ name: "get", description: "Gets.", input: anything, output, execute: () => never });
  const data = new Uint8Array([1]);
  for (const part of [data, { mediaType: "image/png", data }, pythonFloat(1), new Set([1]), null, "x", 5]) {
    const result = { any: part, list: [part], row: { part } };
    expect(await checkResult(get, result, 1_000)).toEqual(toValue(result, 1_000));
  }
});
