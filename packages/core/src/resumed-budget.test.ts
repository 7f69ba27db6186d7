import { scriptedModel } from "@codelet/testing";
import { expect, it, vi } from "vitest";
import { jsonSchema } from "./json-schema.ts";
import type { StandardSchema } from "./schema.ts";
import type { SuspendedRun } from "./suspension.ts";
import { call, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const none = jsonSchema<object>({ type: "object", properties: {} });
/** Takes its time to read what it is given, as what is loaded on demand does in a process that begins. */
const slow: StandardSchema<object> = {
  "~standard": {
    ...none["~standard"],
    validate: async (value) => {
      await later(50);
      return { value: value as object };
    },
  },
};

/** Two agents who pay; the second one looks first. Its manager's run has room for what they do until they wait, and for nothing more. */
function team() {
  const paid: string[] = [];
  const pay = (name: string) => tool({ name, description: "Pays.", input: none, needsApproval: true, execute: () => paid.push(name) });
  const look = tool({ name: "look", description: "Looks.", input: slow, execute: () => "seen" });
  const answer = call("final_answer", { answer: "done" });
  const quickModel = scriptedModel([says(call("pay_now", {})), says(answer)]);
  const quick = new ToolCallingAgent({ name: "quick", description: "Pays.", model: quickModel, tools: [pay("pay_now")] });
  const carefulModel = scriptedModel([says(call("look", {})), says(call("pay_later", {})), says(answer)]);
  const careful = new ToolCallingAgent({ name: "careful", description: "Pays.", model: carefulModel, tools: [look, pay("pay_later")] });
  const model = scriptedModel([says(call("quick", { task: "pay" }), call("careful", { task: "pay" })), "That is all."]);
  const agent = new ToolCallingAgent({ model, managedAgents: [quick, careful], budget: { steps: 4 } });
  return { agent, quickModel, paid };
}

it.each(["both", "one"])("a resumed run counts all that was spent before it spends more: %s decided", async (which) => {
  const { agent, quickModel, paid } = team();
  const suspended = await agent.run("task");
  if (suspended.state !== "suspended") throw new Error(`it is ${suspended.state}`);
  expect(suspended.pending.map(({ tool }) => tool)).toEqual(["pay_now", "pay_later"]);
  const decided = suspended.pending.filter(({ tool }) => which === "both" || tool === "pay_now");
  const decisions = Object.fromEntries(decided.map(({ id }) => [id, true]));
  const state: SuspendedRun = JSON.parse(JSON.stringify(suspended.resumeState));
  expect(await agent.resume(state, { decisions })).toMatchObject({ state: "limit", limit: "steps", text: "That is all." });
  expect(quickModel.requests).toHaveLength(1);
  expect(paid).toEqual(which === "both" ? ["pay_now", "pay_later"] : ["pay_now"]);
});

it("a decision is told at once where a call beside needs none any more", async () => {
  const paying = (needsApproval: boolean) => {
    const pay = tool({ name: "pay", description: "Pays.", input: none, needsApproval, execute: () => "paid" });
    const ask = tool({ name: "ask", description: "Asks.", input: none, needsApproval: true, execute: () => "asked" });
    const answers = [says(call("pay", {}), call("ask", {})), says(call("final_answer", { answer: "done" }))];
    return new ToolCallingAgent({ model: scriptedModel(needsApproval ? answers : answers.slice(1)), tools: [pay, ask] });
  };
  const suspended = await paying(true).run("task");
  if (suspended.state !== "suspended") throw new Error(`it is ${suspended.state}`);
  const decisions = Object.fromEntries(suspended.pending.filter(({ tool }) => tool === "ask").map(({ id }) => [id, true]));
  const startedAt = performance.now();
  expect(await paying(false).resume(suspended.resumeState, { decisions })).toMatchObject({ state: "success", output: "done" });
  expect(performance.now() - startedAt).toBeLessThan(5_000); // not the ten seconds for those that may still come
});

it("a decision is told, sooner or later, where one call beside is refused by now and another is undecided", async () => {
  const paid: string[] = [];
  let isOver = false;
  const inTime: StandardSchema<object> = {
    "~standard": { ...none["~standard"], validate: (value) => (isOver ? { issues: [{ message: "it is over" }] } : { value: value as object }) },
  };
  const paying = (name: string, input = none) => tool({ name, description: "Pays.", input, needsApproval: true, execute: () => paid.push(name) });
  const tools = [paying("undecided"), paying("decided"), paying("refused", inTime)];
  const agent = new ToolCallingAgent({ model: scriptedModel([says(...tools.map(({ name }) => call(name, {})))]), tools });
  const suspended = await agent.run("task");
  if (suspended.state !== "suspended") throw new Error(`it is ${suspended.state}`);
  const decisions = Object.fromEntries(suspended.pending.filter(({ tool }) => tool !== "undecided").map(({ id }) => [id, true]));
  isOver = true;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const resumed = agent.resume(suspended.resumeState, { decisions });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await resumed).toMatchObject({ state: "suspended", pending: [{ tool: "undecided" }] });
  } finally {
    vi.useRealTimers();
  }
  expect(paid).toEqual(["decided"]);
});
