import { describe, expect, it } from "vitest";
import { z } from "zod";
import { actionsOf, agentOf, answer, call, expectValid, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import type { Json, PlainValue } from "./value.ts";

describe("final_answer", () => {
  it("beside other calls lets them run, and ends", async () => {
    const called: number[] = [];
    const note = tool({ name: "note", description: "Notes.", input: z.object({ n: z.number() }), execute: ({ n }) => called.push(n) });
    const { agent } = agentOf([says(call("note", { n: 1 }), answer("done"), call("note", { n: 2 }))], { tools: [note] });
    expect(await agent.run("task")).toMatchObject({ state: "success", output: "done", steps: { length: 3 } });
    expect(called).toEqual([1, 2]);
  });

  it("ends although a call beside it fails", async () => {
    const { agent } = agentOf([says(call("fail"), answer("done"))]);
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "success", output: "done" });
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ isError }) => isError)).toEqual([true, false]);
  });

  it("counts the first time when it comes several times in one answer", async () => {
    const { agent } = agentOf([says(call("final_answer", { answer: 1 }, "a"), call("final_answer", { answer: 2 }, "b"))]);
    const result = await agent.run("task");
    expect(result).toMatchObject({ output: 1 });
    expect(actionsOf(result.steps)[0]?.toolResults).toMatchObject([
      { id: "a", isError: false },
      { id: "b", isError: true },
    ]);
  });

  it("is not taken beside calls that a limit stops, and the last call is told so", async () => {
    const { agent, model } = agentOf([says(call("add", { a: 1, b: 1 }), answer("done"), call("add", { a: 2, b: 2 })), "the last words"], {
      budget: { toolCalls: 1 },
      maxParallelCalls: 1,
    });
    expect(await agent.run("task")).toMatchObject({ state: "limit", limit: "toolCalls", text: "the last words" });
    const told = model.requests[1]?.messages.find(({ role }) => role === "tool")?.content;
    expect(told).toMatchObject([{ content: "2" }, { content: "Not taken: the run was stopped." }, { content: "Not called: the run was stopped." }]);
  });

  it("of the wrong type is refused and repaired, with valid messages", async () => {
    const { agent, model } = agentOf([says(call("add", { a: 1, b: 1 }), answer("two")), says(answer(2))], { output: z.number() });
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "success", output: 2 });
    expect(actionsOf(result.steps)[0]).toMatchObject({ error: { code: "model-output" }, isFinal: false });
    expectValid(model.requests[1]?.messages ?? []);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("wrong type");
  });

  it("that a check refuses is asked for again", async () => {
    const { agent } = agentOf([says(answer(1)), says(answer(2))], { finalAnswerChecks: [(value) => value === 2 || "too small"] });
    expect(await agent.run("task")).toMatchObject({ output: 2 });
  });

  it.each<readonly [string, Json, PlainValue]>([
    ["under its name", { answer: [1] }, [1]],
    ["as the whole object", { city: "Lagos" }, { city: "Lagos" }],
    ["as text", "Lagos", "Lagos"],
    ["null", { answer: null }, null],
  ])("takes the answer %s", async (_, input, output) => {
    expect(await agentOf([says(call("final_answer", input))]).agent.run("task")).toMatchObject({ state: "success", output });
  });
});
