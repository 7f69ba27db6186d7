import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { afterEach, expect, it, vi } from "vitest";
import type { RunResult } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
import { ModelCallError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { type ExecutorTypes, registerExecutor } from "./executor-type.ts";
import { jsonSchema } from "./json-schema.ts";
import type { Budget } from "./limits.ts";
import { type ModelRequest, type ModelResponse, noUsage } from "./model.ts";
import { Recorder } from "./recorder.ts";
import type { RunContext } from "./run-context.ts";
import type { StandardSchema } from "./schema.ts";
import { call, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import { Unreached } from "./unreached.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const none = jsonSchema<object>({ type: "object", properties: {} });
const pay = tool({ name: "pay", description: "Pays.", input: none, needsApproval: true, execute: () => "paid" });
const usage = { ...noUsage, input: 10, output: 1 };
const write = (code: string): string => `<code>\n${code}\n</code>`;
const reference = { executor: "fake", data: "left alive" };

type ModelFunction = (request: ModelRequest) => Promise<ModelResponse>;

const fails: ModelFunction = async () => {
  throw new ModelCallError("down", { status: 400 });
};

function asModel(...answers: Parameters<typeof scriptedModel>[0]): ModelFunction {
  const model = scriptedModel(answers);
  return (request) => model.generate(request);
}

function left(result: RunResult): Extract<RunResult, { readonly state: "suspended" }> {
  if (result.state !== "suspended") throw new Error(`it is ${result.state}`);
  return JSON.parse(JSON.stringify(result));
}

/** An executor whose sessions are left alive, and what it was told to find again. */
function pinned(): { executor: Executor; found: unknown[]; openSessions: () => number } {
  const found: unknown[] = [];
  const fake = fakeExecutor(({ call }) => call("pay", []));
  const recovery = { pinned: true, snapshot: false, replay: false } as const;
  const open: Executor["open"] = async ({ restore, ...options } = {}) => {
    if (restore !== undefined) found.push(restore);
    return Object.assign(await fake.open(options), { detach: async () => reference });
  };
  return { executor: { ...fake, capabilities: { ...fake.capabilities, recovery }, open }, found, openSessions: () => fake.openSessions };
}

it.each(["an executor", "the name of one"])("ends the live sandbox of an agent with %s that a resumed run ends before", async (how) => {
  const { executor, found, openSessions } = pinned();
  const name = "unreached" as keyof ExecutorTypes;
  registerExecutor(name, async () => ({ createExecutor: () => executor }));
  const choice = how === "an executor" ? { executor } : ({ executorType: name } as never as { executor: Executor });
  const payer = new CodeAgent({ name: "payer", description: "Pays.", model: scriptedModel([write("pay")]), tools: [pay], ...choice });
  const calling = (agent: string) => scriptedModel([says(call(agent, { task: "pay" }))]);
  const clerk = new ToolCallingAgent({ name: "clerk", description: "Has it paid.", model: calling("payer"), managedAgents: [payer] });
  const agent = new ToolCallingAgent({ model: calling("clerk"), managedAgents: [clerk] });
  const { resumeState } = left(await agent.run("task"));
  expect(Object.values(resumeState.sandboxes)).toEqual([reference]);
  expect(await agent.resume(resumeState, { signal: AbortSignal.abort() })).toMatchObject({ state: "aborted" });
  expect([found, openSessions()]).toEqual([[reference], 0]);
});

it("ends the live sandboxes of agents whose run can't be kept", async () => {
  const { executor, found, openSessions } = pinned();
  const payer = new CodeAgent({ name: "payer", description: "Pays.", model: scriptedModel([write("pay")]), tools: [pay], executor });
  const noData = { type: "reasoning", text: "", signature: (() => {}) as never } as const;
  const agent = new ToolCallingAgent({ model: scriptedModel([says(noData, call("payer", { task: "pay" }))]), managedAgents: [payer] });
  await expect(agent.run("task")).rejects.toMatchObject({ code: "value" });
  expect([found, openSessions()]).toEqual([[reference], 0]);
});

it("keeps it for the next part of a run that is suspended again, but for what the run has come to", async () => {
  const unreached = new Unreached(new Recorder(), { "1/tool.a.worker/": reference, "1/tool.b.worker/": reference });
  expect(unreached.claim("1/tool.a.worker/")).toBe(reference);
  const run = { path: "", sandboxes: new Map() };
  await unreached.settle(Object.assign(run, { root: run }) as never as RunContext, "suspended");
  expect([...run.sandboxes]).toEqual([["1/tool.b.worker/", reference]]);
});

it.each(["that ends at once", "whose program is lost"])("counts in a run %s what its agents had spent, by their own prices", async (how) => {
  const executor = fakeExecutor(({ code, call, finalAnswer }) => (code === "end" ? finalAnswer(1) : call("payer", ["pay"])));
  const payerModel = scriptedModel([{ ...says(call("pay")), usage }]);
  const payer = new ToolCallingAgent({ name: "payer", description: "Pays.", model: payerModel, tools: [pay], price: () => 5 });
  const model = scriptedModel(["delegate", "end"].map(write), { usage });
  const agent = new CodeAgent({ model, executor, managedAgents: [payer], price: () => 1 });
  const { resumeState, ...first } = left(await agent.run("task"));
  expect(first).toMatchObject({ usage: { input: 20, output: 2 }, costUsd: 6 });
  const signal = how === "that ends at once" ? AbortSignal.abort() : undefined;
  const result = await agent.resume(resumeState, { signal });
  if (signal === undefined) expect(result).toMatchObject({ state: "success", usage: { input: 30, output: 3 }, costUsd: 7 });
  else expect(result).toMatchObject({ state: "aborted", usage: { input: 20, output: 2 }, costUsd: 6 });
});

it.each<readonly [limit: string, budget: Budget, prompts: number]>([
  ["steps", { steps: 2 }, 2],
  ["toolCalls", { toolCalls: 2 }, 3],
  ["inputTokens", { inputTokens: 20 }, 2],
  ["modelCalls", { modelCalls: 2 }, 2],
  ["costUsd", { costUsd: 2 }, 2],
])("holds a run whose program is lost to what is left of its budget: %s", async (limit, budget, prompts) => {
  const executor = fakeExecutor(({ call }) => call("payer", ["pay"]));
  const payerModel = scriptedModel([{ ...says(call("pay")), usage }, says(call("pay"))]);
  const payer = new ToolCallingAgent({ name: "payer", description: "Pays.", model: payerModel, tools: [pay] });
  const model = scriptedModel([write("delegate"), write("delegate"), "answer"], { usage });
  const agent = new CodeAgent({ model, executor, managedAgents: [payer], budget, price: () => 1 });
  const { resumeState } = left(await agent.run("task"));
  expect(await agent.resume(resumeState)).toMatchObject({ state: "limit", limit });
  expect([payerModel.requests.length, model.requests.length]).toEqual([1, prompts]);
});

it("doesn't go through a member again that had ended, and counts what it had spent and read", async () => {
  let compacted = 0;
  const page = tool({ name: "page", description: "Reads.", input: none, ingests: "untrusted", execute: () => "text" });
  const readerModel = scriptedModel([{ ...says(call("page")), usage }, { ...says(call("page")), usage }, "It says: text."]);
  const budget = { toolCalls: 1 };
  const about = { name: "reader", description: "Reads.", budget, compactor: () => void compacted++ };
  const reader = new ToolCallingAgent({ ...about, model: readerModel, tools: [page] });
  const send = tool({ name: "send", description: "Sends.", input: none, egress: true, execute: () => "sent" });
  const model = scriptedModel([
    says(call("reader", { task: "read" })),
    says(call("pay")),
    says(call("send")),
    says(call("final_answer", { answer: 1 })),
  ]);
  const agent = new ToolCallingAgent({ model, managedAgents: [reader], tools: [pay, send], dataPolicy: "block" });
  const { resumeState, pending } = left(await agent.run("task"));
  const before = compacted;
  const result = await agent.resume(resumeState, { decisions: { [pending[0]?.id ?? ""]: true } });
  expect(result).toMatchObject({ state: "success", usage: { input: 20, output: 2 } });
  expect([compacted, readerModel.requests.length]).toEqual([before, 3]);
  expect(JSON.stringify(result.steps)).toContain("It says: text.");
  expect(JSON.stringify(result.steps)).toContain("send was refused");
});

it.each<readonly [what: string, model: () => ModelFunction, budget: Budget]>([
  ["steps of a model that failed", () => fails, { steps: 2 }],
  ["calls of a model that failed", () => fails, { modelCalls: 2 }],
  ["calls with wrong arguments", () => asModel(says(call("page", { wrong: 1 })), "It is empty."), { toolCalls: 3 }],
])("counts of a member that had ended also its %s", async (_what, memberModel, budget) => {
  const page = tool({ name: "page", description: "Reads.", input: none, execute: () => "text" });
  const reader = new ToolCallingAgent({ name: "reader", description: "Reads.", model: memberModel(), tools: [page] });
  const model = scriptedModel([says(call("reader", { task: "read" }), call("pay")), says(call("page")), "no more"]);
  const agent = new ToolCallingAgent({ model, managedAgents: [reader], tools: [pay, page], budget });
  const { resumeState, pending } = left(await agent.run("task"));
  const result = await agent.resume(resumeState, { decisions: { [pending[0]?.id ?? ""]: true } });
  expect(result).toMatchObject({ state: "limit", limit: Object.keys(budget)[0] });
  expect(JSON.stringify(result.steps)).not.toContain('"content":"text"');
});

it("holds what had been asked before the run was suspended to no limit again, though others that were asked with it have spent it all", async () => {
  const paid: string[] = [];
  const payOnce = tool({ ...{ name: "pay", description: "Pays.", input: none, needsApproval: true }, execute: () => void paid.push("paid") });
  const memberOf = (name: string, ...replies: readonly ModelResponse[]): ToolCallingAgent => {
    const scripted = scriptedModel(replies);
    const model: ModelFunction = (request) => new Promise((resolve) => setTimeout(resolve, 20)).then(() => scripted.generate(request));
    return new ToolCallingAgent({ name, description: "Works.", model, tools: [payOnce] });
  };
  const answer = { ...says(call("final_answer", { answer: 1 })), usage };
  const managedAgents = [memberOf("payer", { ...says(call("pay")), usage }, answer), memberOf("left", answer), memberOf("right", answer)];
  const calls = managedAgents.map(({ definition }) => call(definition.name, { task: "work" }));
  const model = scriptedModel([{ ...says(...calls), usage }, "no more"]);
  const agent = new ToolCallingAgent({ model, managedAgents, budget: { inputTokens: 25 } });
  const { resumeState, pending } = left(await agent.run("task"));
  const result = await agent.resume(resumeState, { decisions: { [pending[0]?.id ?? ""]: true } });
  expect([paid, result.state]).toEqual([["paid"], "limit"]);
});

it("goes through a member again that keeps its memory to the end that it had, however long ago that is", async () => {
  const { now } = Date;
  let passedMs = 0;
  vi.spyOn(Date, "now").mockImplementation(() => now() + passedMs);
  const slow: StandardSchema<object, object> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => new Promise((resolve) => setTimeout(resolve, 5, { value })),
      jsonSchema: { input: () => ({ type: "object", properties: {} }), output: () => ({}) },
    },
  };
  const look = tool({ name: "look", description: "Looks.", input: slow, execute: () => "seen" });
  const answer = (answer: string): ModelResponse => ({ ...says(call("final_answer", { answer })), usage });
  const memberModel = scriptedModel([{ ...says(call("look")), usage }, answer("first"), answer("second")], { usage });
  const about = { name: "member", description: "Works.", keepsMemory: true, budget: { wallTimeMs: 5_000 } };
  const member = new ToolCallingAgent({ ...about, model: memberModel, tools: [look] });
  const work = says(call("member", { task: "work" }));
  const model = scriptedModel([work, says(call("pay")), work, says(call("final_answer", { answer: 1 }))]);
  const agent = new ToolCallingAgent({ model, managedAgents: [member], tools: [pay], toolPolicy: ({ tool }) => (tool === "pay" ? wait() : "allow") });
  // All that the member had is over by then.
  const wait = (): "allow" => {
    passedMs = 10_000;
    return "allow";
  };
  const { resumeState, pending } = left(await agent.run("task"));
  const { steps, ...result } = await agent.resume(resumeState, { decisions: { [pending[0]?.id ?? ""]: true } });
  expect(result).toMatchObject({ state: "success", usage: { input: 30, output: 3 } });
  expect(JSON.stringify(steps)).toMatch(/"content":"first".*"content":"second"/);
  expect(memberModel.requests.length).toBe(3);
  expect(JSON.stringify(memberModel.requests.at(-1)?.messages)).toMatch(/"seen".*"first"/);
});

it("waits for no decision once a limit is reached by a call beside", async () => {
  const memberModel = scriptedModel([says(call("pay")), "no more"]);
  const member = new ToolCallingAgent({ name: "member", description: "Works.", model: memberModel, tools: [pay] });
  const model = scriptedModel([says(call("pay"), call("member", { task: "pay" })), "no more"]);
  const agent = new ToolCallingAgent({ model, managedAgents: [member], tools: [pay], budget: { steps: 1 } });
  expect(await agent.run("task")).toMatchObject({ state: "limit", limit: "steps" });
});
