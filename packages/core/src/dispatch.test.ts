import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { jsonSchema } from "./json-schema.ts";
import { plainValue } from "./plain-value.ts";
import { renderSignature } from "./prompts/signatures.ts";
import { runCode } from "./run-code.ts";
import { anything, run } from "./testing/tools.ts";
import { type AnyTool, tool, toolSignature } from "./tool.ts";
import { pythonFloat, pythonType } from "./value.ts";

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

  it.each([undefined, null, false, 0, "deny", "Allow", {}, { rewrite: undefined }, { rewrite: [], ask: "" }])(
    "anything else that a policy answers refuses: %s",
    async (answer) => {
      const [output, ran] = await attempt({ toolPolicy: () => answer });
      expect(ran).toBe(false);
      expect(output).toMatch(/refused/);
    },
  );

  it("what is undefined in an answer is not there", async () => {
    expect(await attempt({ toolPolicy: () => ({ ask: "why", rewrite: undefined }) }, { approve: () => true })).toEqual(["paid", true]);
    expect(await attempt({ toolPolicy: () => ({ deny: undefined, ask: "" }) }, { approve: () => false })).toEqual([
      "The call of pay was refused: it was not approved.",
      false,
    ]);
    const approve = () => ({ approve: true, input: undefined, why: undefined });
    expect(await attempt({ toolPolicy: () => "ask" }, { approve })).toEqual(["paid", true]);
    expect((await attempt({ toolPolicy: () => ({ denied: "no" }) }))[0]).toContain('the policy answered { denied } instead of "allow"');
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

  it("other arguments of a policy or an approver are those of the tool, by name", async () => {
    const seen: unknown[] = [];
    const pay = tool({
      name: "pay",
      description: "Pays.",
      input: z.object({ to: z.string(), euros: z.number().default(1_000), tags: z.array(z.string()).default([]) }),
      execute: (given) => {
        seen.push(given);
        return "paid";
      },
    });
    const paying = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("pay", ["me"]).catch((error: Error) => error.message)));
    const attemptWith = async (toolPolicy: () => unknown, approve = () => undefined as unknown): Promise<unknown> =>
      (await attempt({ executor: paying, tools: [pay], toolPolicy }, { approve }))[0];
    const misspelled = { to: "me", euro: 1 };
    expect(await attemptWith(() => ({ rewrite: misspelled }))).toContain("refused: the policy failed (pay has no parameter `euro`");
    const decide = () => ({ approve: true, input: misspelled });
    expect(await attemptWith(() => "ask", decide)).toContain("pay has no parameter `euro`");
    expect(seen).toEqual([]);
    expect(await attemptWith(() => ({ rewrite: { to: "you", tags: new Set(["a"]) } }))).toBe("paid");
    expect(seen).toEqual([{ to: "you", euros: 1_000, tags: ["a"] }]);
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
    for (const answer of ["yes", { approve: true, inputs: { euros: 1 } }, { approve: true, input: 5 }])
      expect(await attempt({ toolPolicy: () => "ask" }, { approve: () => answer })).toEqual([
        "The call of pay was refused: the approver answered neither true, false nor { approve: true or false, reason, input }.",
        false,
      ]);
  });
});

describe("a check of a schema that never ends", () => {
  const forever = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: () => new Promise<never>(() => {}),
      jsonSchema: { input: () => ({ type: "object", properties: {} }), output: () => ({ type: "number" }) },
    },
  } as const;

  it("of arguments ends with the run", async () => {
    const hang = tool({ name: "hang", description: "Hangs.", input: forever, execute: () => 1 });
    const ended = runCode(
      fakeExecutor(({ call }) => call("hang", [])),
      "",
      { tools: [hang], signal: AbortSignal.timeout(100) },
    );
    await expect(ended).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("of a result ends with the tool's time", async () => {
    const hang = tool({ name: "hang", description: "Hangs.", input: anything, output: forever as never, timeoutMs: 50, execute: () => 1 });
    const { error } = await run(({ call }) => call("hang", []), [hang]);
    expect(error?.message).toContain("gave no result within 50 ms");
  });
});

describe("parameters that are no names in code", () => {
  const flights = tool({
    name: "flights",
    description: "Finds flights.",
    input: z.object({ from: z.string(), "user-id": z.string(), "2nd": z.string().optional() }),
    execute: (input) => input,
  });
  const expected = { from: "A", "user-id": "me" };

  it.each([
    ["their names in code", { from_: "A", user_id: "me" }],
    ["their own", { from: "A", "user-id": "me" }],
    ["their places", ["A", "me"]],
  ])("are given by %s", async (_, args) => {
    const { value } = await run(({ call }) => call("flights", args as never), [flights]);
    expect(plainValue(value)).toEqual(expected);
  });

  it("have those names in the sandbox and in the prompt", () => {
    expect(Object.keys(toolSignature(flights).inputSchema.properties as object)).toEqual(["from_", "user_id", "_2nd"]);
    expect(renderSignature(toolSignature(flights), "python")).toContain("def flights(from_: str, user_id: str, _2nd: str = None):");
  });
});

it("tells null from nothing where a parameter takes both", async () => {
  const input = z.object({ due: z.string().nullable().optional(), note: z.string().optional() });
  const edit = tool({ name: "edit", description: "Edits.", input, execute: (given) => given });
  expect(plainValue((await run(({ call }) => call("edit", { due: null, note: null }), [edit])).value)).toEqual({ due: null });
});

it("says of a tool that threw an empty error that it failed", async () => {
  const mute = tool({
    name: "mute",
    description: "Says nothing.",
    input: z.object({}),
    execute: () => {
      throw new Error("");
    },
  });
  const failed = run(({ call }) => call("mute").catch((error: Error) => error.message), [mute]);
  expect((await failed).value).toBe("mute failed without saying why.");
});

it("takes an input that is a reference to an object's schema", async () => {
  const input = z.object({ a: z.string() }).meta({ id: "Named" });
  const named = tool({ name: "named", description: "Named.", input, execute: ({ a }) => a });
  expect((await run(({ call }) => call("named", ["x"]), [named])).value).toBe("x");
});

it.each<readonly [string, object, RegExp]>([
  ["a misspelled option", { needApproval: true }, /`tool pay` to have only .*needsApproval.*, got `needApproval`/],
  ["a label that is none", { ingests: "untrustd" }, /`ingests` to be one of trusted, untrusted/],
  ["approval that is no yes or no", { needsApproval: "yes" }, /`needsApproval` to be true or false, or a function/],
  ["parameters that nobody can name", { input: jsonSchema({ type: "object", allOf: [{ properties: { a: {} } }] }) }, /its keys are the parameters/],
])("refuses %s when the tool is made", (_, options, message) => {
  expect(() => tool({ name: "pay", description: "Pays.", input: z.object({}), execute: () => 1, ...options } as never)).toThrow(message);
});
