import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { ConfigurationError, ToolInputError } from "./errors.ts";
import { registerExecutor } from "./executor-type.ts";
import { runCode } from "./run-code.ts";
import { action, agentOf, answering } from "./testing/code-agents.ts";
import { anything, run, throwing } from "./testing/tools.ts";
import { tool } from "./tool.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a run", () => {
  it("leaves no timer behind: of its wall time, of its tools, and of what they wait for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const get = tool({ name: "get", description: "Gets.", input: anything, execute: () => 1 });
    const agent = agentOf([action("call get"), action("answer 1")], { tools: [get], budget: { wallTimeMs: 60_000 } });
    const result = agent.run("task");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toMatchObject({ state: "success" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["a text", "no luck"],
    ["null", null],
  ])("rejects with %s as it was thrown", async (_, thrown) => {
    const stepCallbacks = (): never => {
      throw thrown;
    };
    await expect(agentOf([action("answer 1")], { stepCallbacks }).run("task")).rejects.toBe(thrown);
  });

  it("rejects with what it had done itself, also where another has failed of the same error", async () => {
    const error = new ConfigurationError("The key is wrong.");
    const failing = (): never => {
      throw error;
    };
    const agent = agentOf([], { model: async () => failing() });
    await expect(agent.run("one", { runId: "first" })).rejects.toMatchObject({ run: { runId: "first" } });
    await expect(agent.run("two", { runId: "second" })).rejects.toMatchObject({ run: { runId: "second" } });
  });

  it("is tried again where its executor could not be loaded", async () => {
    let loads = 0;
    registerExecutor("flaky" as never, async () => {
      if (++loads === 1) throw new Error("The disk is away.");
      return { createExecutor: () => fakeExecutor(answering) };
    });
    const agent = new CodeAgent({ model: scriptedModel([action("answer 1")]), executorType: "flaky" } as never);
    await expect(agent.run("task")).rejects.toThrow("The disk is away.");
    expect(await agent.run("task")).toMatchObject({ state: "success" });
  });
});

describe("code is told of a tool's failure", () => {
  it.each<readonly [string, unknown, object]>([
    ["a plain error by its message", new Error("no luck"), { name: "ToolError", message: "no luck" }],
    ["any other with its name", new RangeError("too far"), { name: "ToolError", message: "RangeError: too far" }],
    [
      "wrong arguments of a call that it made itself",
      new ToolInputError("x is missing"),
      { name: "ToolError", message: "ToolInputError: x is missing" },
    ],
  ])("%s", async (_, thrown, expected) => {
    const { error } = await run(({ call }) => call("get", []), [throwing(thrown)]);
    expect(error).toMatchObject(expected);
  });

  it("by the name that languages have for a denial", async () => {
    const pay = tool({ name: "pay", description: "Pays.", input: anything, needsApproval: true, execute: () => 1 });
    expect((await run(({ call }) => call("pay", []), [pay])).error).toMatchObject({ name: "PermissionError" });
  });

  it("that was given two values for a parameter", async () => {
    const add = tool({ name: "add", description: "Adds.", input: z.object({ "a-b": z.number(), c: z.number().optional() }), execute: () => 1 });
    const { error } = await run(({ call }) => call("add", { a_b: 1, "a-b": 2 }), [add]);
    expect(error).toMatchObject({ name: "ToolInputError", message: "add got two values for `a-b`." });
  });
});

describe("a managed agent", () => {
  const helper = agentOf([], { name: "helper", description: "Helps." });

  it.each<readonly [string, Record<string, never>, string]>([
    ["no task", { task: " " } as never, "task: expected a text"],
    ["a number for a task", { task: 5 } as never, "task: expected a text"],
    ["a list of values", { task: "Help.", additional_args: [1] } as never, "additional_args: expected a dict"],
    ["a text for its values", { task: "Help.", additional_args: "x" } as never, "additional_args: expected a dict"],
  ])("is not called with %s", async (_, input, problem) => {
    const executor = fakeExecutor((step) => (step.code === "go" ? step.call("helper", input) : answering(step)));
    const result = await agentOf([action("go"), action("answer 1")], { executor, managedAgents: [helper] }).run("task");
    expect(result.steps[2]).toMatchObject({ observation: expect.stringContaining(`helper was called with wrong arguments: ${problem}`) });
  });

  it.each([undefined, " "])("needs a description: %o is none", (description) => {
    expect(() => agentOf([], { managedAgents: [agentOf([], { name: "helper", description })] })).toThrow("`helper` to have a `description`");
  });
});

describe("a conversation", () => {
  it("has one run at a time, and is saved between them", async () => {
    await using chat = agentOf([action("answer 1"), action("answer 2")]).conversation();
    const first = chat.run("one");
    const busy = { code: "configuration", message: expect.stringContaining("one run at a time") };
    await expect(chat.run("two")).rejects.toMatchObject(busy);
    await expect(chat.start("two").result).rejects.toMatchObject(busy);
    await expect(chat.save()).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("between its runs") });
    expect(await first).toMatchObject({ state: "success", output: 1 });
    expect(await chat.start("two").result).toMatchObject({ state: "success", output: 2 });
    await chat.save();
  });
});

it("runCode tells what a program prints, as it comes, and needs nobody to hear it", async () => {
  const executor = fakeExecutor(({ print }) => {
    print("hello");
    return null;
  });
  const heard: unknown[] = [];
  await runCode(executor, "x", { onOutput: (chunk) => heard.push(chunk) });
  expect(heard).toEqual([{ stream: "stdout", text: "hello\n" }]);
  expect(await runCode(executor, "x")).toMatchObject({ logs: "hello\n" });
});
