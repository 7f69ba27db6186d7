import { type FakeHandler, fakeExecutor, scriptedModel } from "@codelet/testing";
import { expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import type { AgentEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import type { Operations } from "./journal.ts";
import { jsonSchema } from "./json-schema.ts";
import { noUsage } from "./model.ts";
import { Recorder } from "./recorder.ts";
import type { StandardSchema } from "./schema.ts";
import { tool } from "./tool.ts";

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const none = jsonSchema<object>({ type: "object", properties: {} });
const pay = tool({ name: "pay", description: "Pays.", input: none, needsApproval: true, execute: () => "paid" });
const look = tool({ name: "look", description: "Looks.", input: none, execute: () => later(20).then(() => "seen") });
const write = (code: string): string => `<code>\n${code}\n</code>`;

/** What can run its programs again. */
function repeatable(handler: FakeHandler): Executor {
  const fake = fakeExecutor(handler);
  return { ...fake, capabilities: { ...fake.capabilities, recovery: { ...fake.capabilities.recovery, replay: "pure" } } };
}

/** Gives up on a payment, then computes longer than a run waits before it is left; `ask` asks for another one. */
const executor = fakeExecutor(async ({ code, call, finalAnswer }) => {
  if (code === "give up") {
    call("pay", []).catch(() => {});
    return call("look", []);
  }
  await later(250);
  return finalAnswer(code === "ask" ? await call("pay", []) : "done without it");
});

it("a run is not left to wait for a decision on a call that its program gave up on", async () => {
  const model = scriptedModel([write("give up"), write("end")]);
  expect(await new CodeAgent({ model, executor, tools: [pay, look] }).run("task")).toMatchObject({ state: "success", output: "done without it" });
});

it("a run that is left later waits for the calls that somebody still wants, and goes on with them", async () => {
  const agent = new CodeAgent({ model: scriptedModel([write("give up"), write("ask")]), executor, tools: [pay, look] });
  const result = await agent.run("task");
  if (result.state !== "suspended") throw new Error(`it is ${result.state}`);
  expect(result.pending.map(({ id }) => id)).toEqual([expect.stringMatching(/^2\//)]);
});

it("a run is left for the decision that is still wanted, however many were given up on while it waited", async () => {
  const journal = new Recorder().factory({ runId: "run", operations: {} as Operations, emit: () => {} });
  const giveUp = new AbortController();
  const given = [1, 2].map((n) => journal.waitFor(`${n}`, giveUp.signal).catch(() => "given up"));
  await later(60);
  const wanted = journal.waitFor("3").catch((error: Error) => error.name);
  await later(60);
  giveUp.abort();
  expect(await Promise.all(given)).toEqual(["given up", "given up"]);
  expect(await wanted).toBe("Suspension");
}, 2_000);

it("a call whose arguments are still being checked when the run is left is made once, when the run goes on", async () => {
  const done: string[] = [];
  let checkMs = 1_500; // far longer than a run takes to be left, on a busy machine too
  const slow: StandardSchema<object, object> = {
    "~standard": { ...none["~standard"], validate: (value) => later(checkMs).then(() => ({ value: value as object })) },
  };
  const act = tool({ name: "act", description: "Acts.", input: slow, execute: () => done.push("act") });
  const both = repeatable(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("pay", []), call("act", [])])));
  const agent = new CodeAgent({ model: async () => write("go"), executor: both, tools: [pay, act] });
  const left = await agent.run("task");
  if (left.state !== "suspended") throw new Error(`it is ${left.state}`);
  expect(done).toEqual([]);
  checkMs = 0;
  const decisions = Object.fromEntries(left.pending.map(({ id }) => [id, true]));
  expect(await agent.resume(left.resumeState, { decisions })).toMatchObject({ state: "success", output: ["paid", 1] });
  expect(done).toEqual(["act"]);
});

it("a run is not left while a program computes that has called nothing yet: it would run once more", async () => {
  let computed = 0;
  const compute = repeatable(({ finalAnswer }) => {
    computed++;
    return later(250).then(() => finalAnswer(computed));
  });
  const model = async (): Promise<string> => write("go");
  const member = new CodeAgent({ name: "member", description: "Computes.", model, executor: compute });
  const both = repeatable(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("pay", []), call("member", ["Compute."])])));
  const agent = new CodeAgent({ model, executor: both, tools: [pay], managedAgents: [member] });
  const left = await agent.run("task");
  if (left.state !== "suspended") throw new Error(`it is ${left.state}`);
  const decisions = Object.fromEntries(left.pending.map(({ id }) => [id, true]));
  expect(await agent.resume(left.resumeState, { decisions })).toMatchObject({ state: "success", output: ["paid", 1] });
  expect(computed).toBe(1);
});

it("a run is not left before the calls that were decided have come to their decisions, however long that takes", async () => {
  let checks = 0;
  const slowly: StandardSchema<object, object> = {
    "~standard": { ...none["~standard"], validate: (value) => later(checks++ === 0 ? 0 : 250).then(() => ({ value: value as object })) },
  };
  const buy = tool({ name: "buy", description: "Buys.", input: slowly, needsApproval: true, execute: () => "bought" });
  const both = repeatable(async ({ call, finalAnswer }) => finalAnswer(await Promise.all([call("pay", []), call("buy", [])])));
  const agent = new CodeAgent({ model: async () => write("go"), executor: both, tools: [pay, buy] });
  const first = await agent.run("task");
  if (first.state !== "suspended") throw new Error(`it is ${first.state}`);
  expect(first.pending.map((each) => each.tool)).toEqual(["pay", "buy"]);
  const second = await agent.resume(first.resumeState, { decisions: { [first.pending[1]?.id ?? ""]: true } });
  if (second.state !== "suspended") throw new Error(`it is ${second.state}`);
  expect(second.pending.map((each) => each.tool)).toEqual(["pay"]);
});

it("a run that is left still knows of the agents that it comes to only then, and tells how they end", async () => {
  const recorder = new Recorder([["1/tool.a.worker/start", "value", 1]]);
  const told: unknown[] = [];
  const journal = recorder.factory({ runId: "run", operations: {} as Operations, emit: ({ type }) => told.push(type) });
  const worker = journal.child("1/tool.a.worker");
  worker.emit({ type: "agent-start" } as AgentEvent);
  await expect(journal.waitFor("1/tool.b.pay/approval")).rejects.toThrow("waits");
  expect(recorder.isReplayed("1/tool.a.worker/")).toBe(true);
  worker.emit({ type: "agent-end" } as AgentEvent);
  expect(told).toEqual(["agent-end"]);
});

it("a run is left at once where the step of a call that was decided has ended without it", async () => {
  const recorder = new Recorder([], new Map([["1/tool.a.worker/1/tool.b.pay/approval", true]]));
  const journal = recorder.factory({ runId: "run", operations: {} as Operations, emit: () => {} });
  await journal.now("1/end");
  await expect(journal.waitFor("2/tool.c.pay/approval")).rejects.toThrow("waits");
}, 3_000);

it("a call of a model that a resumed run doesn't come to again counts once with its step, however often it was tried and failed", () => {
  const failed = { error: { name: "ModelCallError", message: "busy" } };
  const answered = { value: { content: [], usage: { ...noUsage, input: 7 }, finishReason: "stop" } };
  const recorder = new Recorder([
    ["1/model", "outcome", failed],
    ["1/model.1", "outcome", answered],
    ["2/compact.0", "outcome", failed],
  ]);
  expect(recorder.takeUnread("")).toEqual([
    { path: "1/model", usage: noUsage, spent: { modelCalls: 1, steps: 1, toolCalls: 0 } },
    { path: "1/model.1", usage: { ...noUsage, input: 7 }, spent: {} },
    { path: "2/compact.0", usage: noUsage, spent: { modelCalls: 1 } },
  ]);
  expect(recorder.takeUnread("")).toEqual([]);
});

it("an agent that had ended does nothing new and keeps nothing, wherever it goes as it is gone through again", async () => {
  const state = new Recorder([
    ["1/tool.a.member/start", "value", 1],
    ["1/tool.a.member/1/tool.c.look", "outcome", { value: "known" }],
    ["1/tool.a.member/end", "value", 2],
  ]);
  const before = JSON.stringify(state.entries());
  const done: string[] = [];
  const perform = async (args: unknown): Promise<unknown> => done.push(String(args));
  const operations: Operations = {
    ...{ model: perform, tool: perform, advance: perform, policy: perform },
    ...{ hook: perform, sandbox: perform, usage: perform },
  };
  const events: string[] = [];
  const root = state.factory({ runId: "run", operations, emit: ({ type }) => events.push(type) });
  for (const journal of [root.child("1/tool.a.member"), root.child("1/tool.a.member").child("1/tool.b.below")]) {
    for (const operation of ["model", "tool", "advance"] as const)
      expect(await journal.call("2/x", operation, operation)).toMatchObject({ error: { name: "AbortError" } });
    expect(await journal.call("2/x/policy", "policy", "policy")).toHaveProperty("value");
    expect(await journal.waitFor("2/x/approval")).toMatchObject({ approve: false });
    await journal.now("2/start");
  }
  root.child("1/tool.a.member").emit({ type: "step-start" } as AgentEvent);
  expect(await root.child("1/tool.a.member").call("1/tool.c.look", "tool", "")).toEqual({ value: "known" });
  expect([done, events, JSON.stringify(state.entries())]).toEqual([["policy", "policy"], [], before]);
});
