import type { ScriptedReply } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RunOptions, RunResult } from "./agent.ts";
import { memoryJournal } from "./journal.ts";
import type { Step } from "./memory.ts";
import type { SuspendedRun } from "./suspension.ts";
import { action, agentOf as codeAgentOf } from "./testing/code-agents.ts";
import { agentOf, answer, call, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import type { ToolCallingAgent, ToolCallingAgentOptions } from "./tool-calling-agent.ts";

const pay = tool({ name: "pay", description: "Pays.", input: z.object({}), needsApproval: true, execute: () => "paid" });
const looking = { name: "look", description: "Looks.", input: z.object({}), execute: () => "seen" };
const look = tool(looking);
const changed = tool({ ...looking, input: z.object({ at: z.string() }) });
const typed = tool({ ...looking, output: z.string() });
const helperOf = (options: Partial<ToolCallingAgentOptions> = {}): ToolCallingAgent =>
  agentOf([], { name: "helper", description: "Helps.", tools: [look], ...options }).agent;

const team = { name: "boss", tools: [pay, look], managedAgents: [helperOf()] };

async function waiting(): Promise<SuspendedRun> {
  const result = await agentOf([says(call("pay"))], team).agent.run("task");
  if (result.state !== "suspended") throw new Error(result.state);
  return result.resumeState;
}

describe("a suspended run", () => {
  const resume = async (agent: Pick<ToolCallingAgent, "resume">): Promise<unknown> => agent.resume(await waiting());

  it.each<readonly [string, Pick<ToolCallingAgent, "resume">, string]>([
    ["of another kind", codeAgentOf([], team), "the agent `boss` has become another kind"],
    ["without a tool", agentOf([], { ...team, tools: [pay] }).agent, "the tool `look` of `boss` is gone"],
    [
      "whose tool takes something else",
      agentOf([], { ...team, tools: [pay, changed] }).agent,
      "the tool `look` of `boss` takes or gives something else",
    ],
    [
      "whose tool returns something else",
      agentOf([], { ...team, tools: [pay, typed] }).agent,
      "the tool `look` of `boss` takes or gives something else",
    ],
    ["without a managed agent", agentOf([], { ...team, managedAgents: [] }).agent, "the managed agent `helper` of `boss` is gone"],
    ["whose managed agent lacks a tool", agentOf([], { ...team, managedAgents: [helperOf({ tools: [] })] }).agent, "`look` of `helper` is gone"],
    ["with a journal of its own", agentOf([], { ...team, journal: memoryJournal() }).agent, "goes on by that journal, not by `resume`"],
  ])("goes on with no agent %s", async (_, agent, message) => {
    await expect(resume(agent)).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining(message) });
  });

  it("goes on with one that has got more", async () => {
    const { agent } = agentOf([], { ...team, tools: [pay, look, tool({ ...looking, name: "see" })] });
    expect(await resume(agent)).toMatchObject({ state: "suspended" });
  });

  it.each([
    ["another version", { version: 2 }, "got version 2"],
    ["nothing", null, "got type `object` without a version"],
    ["a text", "{}", "got type `string` without a version: parse its JSON first"],
  ])("is not %s", async (_, state, message) => {
    const refused = agentOf([], team).agent.resume(state as never);
    await expect(refused).rejects.toMatchObject({ code: "protocol", message: expect.stringContaining(message) });
  });

  it("keeps waiting for a decision that is undefined", async () => {
    const { agent } = agentOf([], team);
    const result = await agent.resume(await waiting(), { decisions: { "1/tool.call_1.pay": undefined } as never });
    expect(result).toMatchObject({ state: "suspended", pending: { length: 1 } });
  });
});

describe("a run that goes on has what it was given", () => {
  const goOn = async (replies: readonly ScriptedReply[], options: RunOptions): Promise<RunResult> => {
    const { agent } = agentOf([says(call("pay")), ...replies], { tools: [pay, look] });
    const first = await agent.run("task", options);
    if (first.state !== "suspended") throw new Error(first.state);
    return agent.resume(JSON.parse(JSON.stringify(first.resumeState)), { decisions: { [first.pending[0]?.id as string]: true } });
  };

  it("to do at most", async () => {
    const result = await goOn([says(call("look")), "the last words"], { maxSteps: 2 });
    expect(result).toMatchObject({ state: "limit", limit: "steps", text: "the last words" });
  });

  it("for its sandbox", async () => {
    const agent = codeAgentOf([action("call pay"), action("show x"), action("answer 1")], { tools: [pay] });
    const first = await agent.run("task", { additionalArgs: { x: "what was given" } });
    if (first.state !== "suspended") throw new Error(first.state);
    const result = await agent.resume(first.resumeState, { decisions: { [first.pending[0]?.id as string]: true } });
    expect(result.steps[3]).toMatchObject({ code: "show x", observation: expect.stringContaining("what was given") });
  });

  it("to remember, and what had brought untrusted content into that", async () => {
    const before: Step = { type: "task", task: "before", attachments: [], untrusted: ["search"] };
    const result = await goOn([says(answer(1))], { memory: [before] });
    expect(result).toMatchObject({ state: "success", steps: [{}, before, {}, { untrusted: ["search"] }, { untrusted: ["search"] }] });
  });
});
