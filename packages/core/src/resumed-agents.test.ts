import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryJournal } from "./journal.ts";
import type { SuspendedRun } from "./suspension.ts";
import { agentOf as codeAgentOf } from "./testing/code-agents.ts";
import { agentOf, call, says } from "./testing/tool-calls.ts";
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
    ["whose tool takes something else", agentOf([], { ...team, tools: [pay, changed] }).agent, "the tool `look` of `boss` is another"],
    ["whose tool returns something else", agentOf([], { ...team, tools: [pay, typed] }).agent, "the tool `look` of `boss` is another"],
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
    ["a text", "{}", "got type `string` without a version"],
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
