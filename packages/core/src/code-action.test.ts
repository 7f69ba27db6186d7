import { fakeExecutor, type ScriptedReply, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { type Json, type ModelResponse, noUsage } from "./index.ts";

const executor = fakeExecutor(({ code, finalAnswer }) => (code === "end" ? finalAnswer("done") : null));
const agentOf = (replies: readonly ScriptedReply[]) => {
  const model = scriptedModel(replies);
  return { model, agent: new CodeAgent({ model, executor }) };
};
const calls = (name: string, input: Json): ModelResponse => {
  return { content: [{ type: "tool-call", id: "1", name, input }], usage: noUsage, finishReason: "tool-calls" };
};

describe("a call instead of code", () => {
  it("of an interpreter is the program", async () => {
    expect(await agentOf([calls("python", { code: "end" })]).agent.run("task")).toMatchObject({ state: "success", output: "done" });
  });

  it("beside prose counts too, where there is no code", async () => {
    const call = calls("python", { code: "end" });
    const beside = { ...call, content: [{ type: "text" as const, text: "Let me compute." }, ...call.content] };
    expect(await agentOf([beside]).agent.run("task")).toMatchObject({ state: "success", output: "done" });
  });

  it("of a tool is shown to the model as it is written in code", async () => {
    const { agent, model } = agentOf([calls("search", { query: "a" }), "<code>\nend\n</code>"]);
    await agent.run("task");
    expect(model.requests[1]?.messages.at(-2)?.content).toContain('"name":"search"');
    expect(model.requests[1]?.messages.at(-1)?.content).toMatch(
      /<code>\nsearch\(query="a"\)\n<\/code>\nNow retry: read the error, change your answer/,
    );
  });
});
