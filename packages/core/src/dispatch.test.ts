import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { plainValue } from "./plain-value.ts";
import { runCode } from "./run-code.ts";
import { anything, run } from "./testing/tools.ts";
import { type AnyTool, tool } from "./tool.ts";
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
