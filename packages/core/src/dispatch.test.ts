import { type FakeHandler, fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { Execution } from "./executor.ts";
import { jsonSchema } from "./json-schema.ts";
import { plainValue } from "./plain-value.ts";
import { runCode } from "./run-code.ts";
import { toValue } from "./to-value.ts";
import { type AnyTool, tool } from "./tool.ts";
import { checkResult } from "./tool-values.ts";
import { pythonFloat, pythonType } from "./value.ts";

const run = (handler: FakeHandler, tools: readonly AnyTool[]): Promise<Execution> => runCode(fakeExecutor(handler), "", { tools });
const never = undefined as never;
const anything = jsonSchema<Record<string, unknown>>({ type: "object", properties: { x: {} } });
const returning = (result: unknown): AnyTool => tool({ name: "get", description: "Gets.", input: anything, execute: () => result });
const throwing = (thrown: unknown): AnyTool =>
  tool({
    name: "get",
    description: "Gets.",
    input: anything,
    execute: () => {
      throw thrown;
    },
  });

describe("what a tool is given", () => {
  const echo = tool({
    name: "echo",
    description: "Echoes.",
    input: z.object({ a: z.number(), b: z.string().optional(), c: z.array(z.number()).optional() }),
    execute: (input) => input,
  });

  it("is named, checked and plain", async () => {
    const { value } = await run(({ call }) => call("echo", [pythonFloat(1), "x", { [pythonType]: "tuple", items: [1, 2] }] as never), [echo]);
    expect(plainValue(value)).toEqual({ a: 1, b: "x", c: [1, 2] });
  });

  it("reads None as not given where it is optional", async () => {
    const { value } = await run(({ call }) => call("echo", { a: 1, b: null }), [echo]);
    expect(plainValue(value)).toEqual({ a: 1 });
  });

  it.each<readonly [string, unknown, RegExp]>([
    ["a missing argument", [], /a: /],
    ["a wrong type", ["one"], /wrong arguments: a: /],
    ["too many", [1, "x", [], 4], /takes 3 arguments/],
    ["an unknown name", { a: 1, d: 2 }, /no parameter `d`, only: a, b, c/],
    ["a hostile name", JSON.parse('{"a": 1, "__proto__": {"polluted": 1}}'), /no parameter `__proto__`/],
  ])("refuses %s without running the tool", async (_, args, message) => {
    const { error } = await run(({ call }) => call("echo", args as never), [echo]);
    expect(error?.name).toBe("ToolInputError");
    expect(error?.message).toMatch(message);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is quoted in the refusal only as far as is worth keeping", async () => {
    const strict = tool({ name: "get", description: "Gets.", input: z.object({ a: z.strictObject({}) }), execute: () => "ran" });
    const { error } = await run(({ call }) => call("get", { a: { ["k".repeat(100_000)]: 1 } }), [strict]);
    expect(error?.message).toMatch(/^get was called with wrong arguments: a: .*k\.\.\.$/);
    expect(error?.message).toHaveLength(20_003);
  });

  it("has the run's identity and context", async () => {
    let seen: unknown;
    const spy = tool({
      name: "spy",
      description: "Spies.",
      input: anything,
      execute: (_, { runId, callId, idempotencyKey, agentPath, context }) => {
        seen = { runId, callId, idempotencyKey, agentPath, context };
        return 1;
      },
    });
    const executor = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("spy", [])));
    const result = await new CodeAgent({ model: scriptedModel(["<code>x</code>"]), executor, tools: [spy] }).run("task", { context: { user: 7 } });
    expect(seen).toMatchObject({
      runId: result.runId,
      agentPath: ["agent"],
      context: { user: 7 },
      idempotencyKey: expect.stringMatching(new RegExp(`^${result.runId}/1/tool\\.`)),
    });
  });
});

const thenKey = "then";

describe("what a tool returns", () => {
  it.each<readonly [string, unknown, unknown]>([
    ["an object with a then that is data", JSON.parse('{"then": 5}'), JSON.parse('{"then": 5}')],
    ["hostile keys as own keys", JSON.parse('{"__proto__": {"polluted": true}}'), JSON.parse('{"__proto__": {"polluted": true}}')],
    ["a BigInt", 2n ** 80n, 2n ** 80n],
    ["undefined", undefined, null],
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

describe("who may call", () => {
  const guarded = (needsApproval: boolean): { tool: AnyTool; ran: () => boolean } => {
    let ran = false;
    return {
      tool: tool({
        name: "pay",
        description: "Pays.",
        input: z.object({ euros: z.number() }),
        needsApproval,
        execute: () => {
          ran = true;
          return "paid";
        },
      }),
      ran: () => ran,
    };
  };
  const executor = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("pay", [5]).catch((error: Error) => error.message)));
  const attempt = (options: object, runOptions: object = {}, needsApproval = false): Promise<[unknown, boolean]> => {
    const { tool: pay, ran } = guarded(needsApproval);
    return new CodeAgent({ model: scriptedModel(["<code>x</code>"]), executor, tools: [pay], ...options })
      .run("task", runOptions)
      .then((result) => [result.state === "success" && result.output, ran()]);
  };

  it("the policy decides with the literal arguments", async () => {
    const seen: unknown[] = [];
    const toolPolicy = (call: { input: unknown }): string => {
      seen.push(call.input);
      return "allow";
    };
    expect(await attempt({ toolPolicy })).toEqual(["paid", true]);
    expect(seen).toEqual([{ euros: 5 }]);
    expect(await attempt({ toolPolicy: () => ({ deny: "too much" }) })).toEqual(["The call of pay was refused: too much.", false]);
  });

  it.each([undefined, null, false, 0, "deny", "Allow", {}])("anything else that a policy answers refuses: %s", async (answer) => {
    const [output, ran] = await attempt({ toolPolicy: () => answer });
    expect(ran).toBe(false);
    expect(output).toMatch(/refused/);
  });

  it("an approval that comes after the run has ended runs nothing", async () => {
    let approve: (answer: boolean) => void = () => {};
    const asked = (): Promise<boolean> => new Promise((resolve) => (approve = resolve));
    const [, ran] = await attempt({}, { approve: asked, signal: AbortSignal.timeout(30) }, true);
    approve(true);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(ran).toBe(false);
  });

  it("the function `needsApproval` decides with the arguments as the tool gets them", async () => {
    const seen: unknown[] = [];
    const pay = tool({
      name: "pay",
      description: "Pays.",
      input: z.object({ from: z.string().trim(), euros: z.number().default(1_000) }),
      needsApproval: (given) => {
        seen.push(given);
        return given.euros > 50;
      },
      execute: () => "paid",
    });
    const paying = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("pay", [" me "]).catch((error: Error) => error.message)));
    const options = { executor: paying, tools: [pay], toolPolicy: () => ({ rewrite: { from: " you " } }) };
    expect(await attempt(options, { approve: () => false })).toEqual(["The call of pay was refused: it was not approved.", false]);
    expect(seen).toEqual([{ from: "you", euros: 1_000 }]);
  });

  it("a policy that throws refuses", async () => {
    expect(
      await attempt({
        toolPolicy: () => {
          throw new Error("bug");
        },
      }),
    ).toEqual(["The call of pay was refused: the policy failed (bug).", false]);
  });

  it("approval is asked for, and refused in code without an agent, where nobody can be asked", async () => {
    const { tool: pay, ran } = guarded(true);
    expect((await runCode(executor, "x", { tools: [pay] })).finalAnswer?.value).toMatch(/refused: it needs approval, and nobody can be asked\./);
    expect(ran()).toBe(false);
    expect(await attempt({}, { approve: () => true }, true)).toEqual(["paid", true]);
    expect(await attempt({}, { approve: async () => false }, true)).toEqual(["The call of pay was refused: it was not approved.", false]);
    expect(await attempt({ toolPolicy: () => "ask" }, { approve: () => "yes" })).toEqual([
      "The call of pay was refused: it was not approved.",
      false,
    ]);
  });
});
