import { scriptedModel } from "@codelet/testing";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import type { RunResult } from "./agent.ts";
import type { AgentEvent } from "./events.ts";
import type { TaskStep } from "./memory.ts";
import type { ModelResponse } from "./model.ts";
import type { Run } from "./run.ts";
import type { SuspendedRun } from "./suspension.ts";
import { actionsOf, add, agentOf, answer, call, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { PlainValue } from "./value.ts";

const pay = tool({ name: "pay", description: "Pays.", input: z.object({}), needsApproval: true, execute: () => "paid" });
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Time that passes at once, but not for timers. */
const { now } = Date;
function passTime(milliseconds: number): void {
  vi.spyOn(Date, "now").mockImplementation(() => now() + milliseconds);
}
afterEach(() => void vi.restoreAllMocks());

function suspended(result: RunResult): Extract<RunResult, { readonly state: "suspended" }> {
  if (result.state !== "suspended") throw new Error(`it is ${result.state}`);
  return result;
}
const approvedIn = ({ pending }: { readonly pending: readonly { readonly id: string }[] }): Record<string, boolean> =>
  Object.fromEntries(pending.map(({ id }) => [id, true]));

it("is time that no agent and no step has worked, whether they began before it or after it", async () => {
  const worker = agentOf([says(call("add", { a: 1, b: 1 })), says(answer(2))], { name: "worker", description: "Works." }).agent;
  const { agent } = agentOf([says(call("pay")), says(call("worker", { task: "add" })), says(answer(1))], { tools: [pay], managedAgents: [worker] });
  const first = suspended(await agent.run("task"));
  passTime(3_600_000);
  const run = agent.startResumed(first.resumeState, { decisions: approvedIn(first) });
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  const result = await run.result;
  const ends = events.filter((event) => event.type === "agent-end" || event.type === "run-end");
  const durations = [...ends, ...actionsOf(result.steps), result].map(({ durationMs }) => durationMs);
  expect(durations).toHaveLength(6);
  for (const durationMs of durations) {
    expect(durationMs).toBeGreaterThanOrEqual(0);
    expect(durationMs).toBeLessThan(60_000);
  }
});

it("has what was left of its wall time when it goes on, also in the middle of a step", async () => {
  const pays = (): ModelResponse => {
    passTime(59_000);
    return says(call("pay"));
  };
  const model = scriptedModel([pays, () => new Promise<never>(() => {}), "the last words"]);
  const agent = new ToolCallingAgent({ model, tools: [pay], budget: { wallTimeMs: 60_000 } });
  const first = suspended(await agent.run("task"));
  const result = await agent.resume(first.resumeState, { decisions: approvedIn(first) });
  expect(result).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "the last words" });
});

it("keeps of a model's answers what they are for, whatever else they hold", async () => {
  const model = async (): Promise<ModelResponse> => Object.assign(says(call("pay")), { raw: { json: () => {} } });
  const first = suspended(await new ToolCallingAgent({ model, tools: [pay] }).run("task"));
  expect(first.resumeState.journal[0]).toMatchObject(["1/model", "outcome", { value: { content: [{ name: "pay" }] } }]);
});

it("is encoded once, however much it holds", async () => {
  let readings = 0;
  const has = (target: TaskStep, key: string | symbol): boolean => {
    if (key === "toJSON") readings++;
    return Reflect.has(target, key);
  };
  const earlier = new Proxy<TaskStep>({ type: "task", task: "before", attachments: [] }, { has });
  const { agent } = agentOf([says(call("pay"))], { tools: [pay] });
  const { resumeState } = suspended(await agent.run("task", { memory: [earlier] }));
  expect(resumeState.given).toMatchObject({ earlier: [{ task: "before" }] });
  expect(readings).toBe(1);
});

const given = { text: "task", task: { type: "task", task: "task", attachments: [] }, earlier: [], untrusted: [], options: {} };

it.each<readonly [string, object]>([
  ["no agent", { agent: undefined }],
  ["no tools", { agent: { kind: "tool-calling", tools: null, agents: {} } }],
  ["a step that is none", { given: { ...given, earlier: [null] } }],
  ["a step of no known kind", { given: { ...given, earlier: [{}] } }],
  ["a task without attachments", { given: { ...given, task: { type: "task", task: "task" } } }],
  ["a task of another kind", { given: { ...given, task: { type: "summary", summary: "task" } } }],
  ["no text", { given: { ...given, text: null } }],
  ["no options", { given: { ...given, options: null } }],
  ["no names of tools", { given: { ...given, untrusted: null } }],
  ["a pause that is none", { pauses: [null] }],
  ["a pause without a time", { pauses: [["then", 1]] }],
  ["an outcome that is none", { journal: [["1/model", "outcome", { content: [] }]] }],
  ["no journal, by which it would do everything again", { journal: undefined }],
  ["an empty journal", { journal: [] }],
  ["a text for its journal", { journal: "gone" }],
  ["an entry that is none", { journal: [null] }],
  ["a limit of steps that is none", { given: { ...given, options: { maxSteps: "many" } } }],
  ["no sandboxes", { sandboxes: undefined }],
  ["a text for its sandboxes", { sandboxes: "gone" }],
  ["a time that is none", { suspendedAtMs: "then" }],
])("with %s is damaged", async (_, damage) => {
  const { agent } = agentOf([says(call("pay"))], { tools: [pay] });
  const { resumeState } = suspended(await agent.run("task"));
  await expect(agent.resume({ ...resumeState, ...damage } as SuspendedRun)).rejects.toMatchObject({ code: "protocol" });
});

it.each<readonly [string, string, unknown]>([
  ["an answer of the model without content", "1/model", { value: { usage: {} } }],
  ["an answer of the model without usage", "1/model", { value: { content: [] } }],
  ["no answer of the model", "1/model", { value: null }],
  ["a text for a time", "1/start", "noon"],
])("with %s in its journal is damaged", async (_, damaged, entry) => {
  const { agent } = agentOf([says(call("pay"))], { tools: [pay] });
  const { resumeState } = suspended(await agent.run("task"));
  const journal = resumeState.journal.map((each) => (each[0] === damaged ? [each[0], each[1], entry] : each));
  expect(journal).not.toEqual(resumeState.journal);
  await expect(agent.resume({ ...resumeState, journal } as never)).rejects.toMatchObject({ code: "protocol" });
});

it("with a callback's outcome that is none is damaged", async () => {
  const { agent } = agentOf([says(call("pay"))], { tools: [pay], stepCallbacks: { task: () => {} } });
  const { resumeState } = suspended(await agent.run("task"));
  const journal = resumeState.journal.map((entry) => (entry[0] === "task/callback.0" ? [entry[0], entry[1], { value: null }] : entry));
  expect(journal).not.toEqual(resumeState.journal);
  await expect(agent.resume({ ...resumeState, journal } as never)).rejects.toMatchObject({ code: "protocol" });
});

it("leaves a run that goes on to be stepped by hand, from the step where it was left", async () => {
  const { agent } = agentOf([says(call("add", { a: 1, b: 1 })), says(call("pay")), says(call("add", { a: 2, b: 2 })), says(answer(1))], {
    tools: [add, pay],
  });
  const first = suspended(await agent.run("task"));
  const run = agent.startResumed(first.resumeState, { decisions: approvedIn(first) });
  expect(await run.step()).toMatchObject({ step: 2 });
  await later(10);
  expect(await run.step()).toMatchObject({ step: 3 });
  expect(await run.step()).toMatchObject({ step: 4, isFinal: true });
  expect(await run.result).toMatchObject({ state: "success" });
}, 5_000);

it("leaves the names of values what they were, also in a conversation", async () => {
  const image = { mediaType: "image/png", data: new Uint8Array([1]) };
  const draw = tool({ name: "draw", description: "Draws.", input: z.object({}), execute: () => image });
  const { agent, model } = agentOf([says(call("draw")), says(call("draw")), says(call("pay")), says(answer("image_2.png"))], { tools: [draw, pay] });
  const chat = agent.conversation();
  const first = suspended(await chat.run("task"));
  const later = await agent.loadConversation(JSON.parse(JSON.stringify(await chat.save())));
  expect(await later.resume(first.resumeState, { decisions: approvedIn(first) })).toMatchObject({ state: "success", output: image });
  expect(model.requests[3]?.messages.slice(0, -2)).toEqual(model.requests[2]?.messages);
});

it("ends with events of all that follows, also where a decision lets nothing run", async () => {
  const { agent } = agentOf([says(call("pay", {}, "a")), says(answer(1))], { tools: [pay] });
  const first = suspended(await agent.run("task"));
  const events: unknown[] = [];
  for await (const { type, step } of agent.startResumed(first.resumeState, { decisions: { [first.pending[0]?.id ?? ""]: false } }))
    if (type === "tool-result" || type === "step-end") events.push([type, step]);
  expect(events).toEqual([
    ["tool-result", 1],
    ["step-end", 1],
    ["step-end", 2],
  ]);
});

it("counts its events on where it goes on", async () => {
  const { agent } = agentOf([says(call("pay", {}, "a")), says(call("pay", {}, "b")), says(answer(1))], { tools: [pay] });
  const counts: number[] = [];
  const listen = async (run: Run<PlainValue>): Promise<RunResult> => {
    for await (const { seq } of run) counts.push(seq);
    return run.result;
  };
  const first = suspended(await listen(agent.start("task")));
  const second = suspended(await listen(agent.startResumed(first.resumeState, { decisions: approvedIn(first) })));
  await listen(agent.startResumed(second.resumeState, { decisions: approvedIn(second) }));
  expect(counts).toEqual(counts.map((_, index) => index + 1));
  const { lastSeq, ...damaged } = second.resumeState;
  await expect(agent.resume(damaged as never)).rejects.toMatchObject({ code: "protocol" });
});

it("makes a team tell of each call and each result once, in however many parts its run goes on", async () => {
  const worker = agentOf([says(call("pay", {}, "c"), call("add", { a: 1, b: 1 }, "d")), says(answer(2))], {
    name: "worker",
    description: "Works.",
    tools: [add, pay],
  }).agent;
  const calls = [call("add", { a: 1, b: 1 }, "a"), call("pay", {}, "b"), call("worker", { task: "pay" }, "w")];
  const { agent } = agentOf([says(...calls), says(answer(1))], { tools: [add, pay], managedAgents: [worker] });
  const told: string[][] = [];
  const listen = async (run: Run<unknown>): Promise<RunResult<unknown>> => {
    const part: string[] = [];
    told.push(part);
    for await (const event of run)
      if (event.type === "tool-call" || event.type === "tool-result") part.push(`${event.agentPath.at(-1)} ${event.type} ${event.callId}`);
    return run.result;
  };
  let result = await listen(agent.start("task"));
  while (result.state === "suspended" && told.length < 4) {
    const { pending, resumeState } = result;
    result = await listen(agent.startResumed(resumeState, { decisions: { [pending.at(-1)?.id ?? ""]: true } }));
  }
  expect(told.map((part) => part.sort())).toEqual([
    [
      ...["agent tool-call a", "agent tool-call b", "agent tool-call w", "agent tool-result a"],
      ...["worker tool-call c", "worker tool-call d", "worker tool-result d"],
    ],
    ["agent tool-result w", "worker tool-result c"],
    ["agent tool-result b"],
  ]);
});

it("is told of in the next task of its conversation only where a sandbox was lost", async () => {
  const { agent, model } = agentOf([says(call("pay")), says(answer(1))], { tools: [pay] });
  const chat = agent.conversation();
  suspended(await chat.run("first"));
  await chat.run("another");
  expect(model.requests[1]?.messages.at(-1)).toEqual({ role: "user", content: "New task:\nanother" });
});

it("leaves pending what is undefined in the decisions", async () => {
  const { agent } = agentOf([says(call("pay")), says(answer(1))], { tools: [pay] });
  const first = suspended(await agent.run("task"));
  const decisions = Object.fromEntries([...first.pending.map(({ id }) => id), "another"].map((id) => [id, undefined as never]));
  expect(suspended(await agent.resume(first.resumeState, { decisions })).pending).toEqual(first.pending);
});

it("keeps results that are as deep as a tool's may be", async () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100; depth++) deep = [deep];
  const nest = tool({ name: "nest", description: "Nests.", input: z.object({}), execute: () => deep });
  const { agent } = agentOf([says(call("nest")), says(call("pay")), says(answer(1))], { tools: [nest, pay] });
  const first = suspended(await agent.run("task"));
  const state = JSON.parse(JSON.stringify(first.resumeState)) as SuspendedRun;
  expect(await agent.resume(state, { decisions: approvedIn(first) })).toMatchObject({ state: "success", output: 1 });
});

it("keeps of the parts of an answer what they are for", async () => {
  const part = Object.assign(call("pay"), { raw: () => 1 });
  const { agent } = agentOf([says(part), says(answer(1))], { tools: [pay] });
  expect(await agent.run("task")).toMatchObject({ state: "suspended" });
});

it("is a failure where what has happened can't be kept, and the terminal event says so", async () => {
  const noData = { type: "reasoning", text: "", signature: (() => {}) as never } as const;
  const { agent } = agentOf([says(noData, call("pay"))], { tools: [pay] });
  const run = agent.start("task");
  const ends: string[] = [];
  for await (const event of run) if (event.type === "run-end") ends.push(event.state);
  await expect(run.result).rejects.toMatchObject({ code: "value", run: { steps: { length: 2 } } });
  expect(ends).toEqual(["failed"]);
});

it.each<readonly [string, object | null, string]>([
  ["no options", null, "Expected `options of resume` to be an object, got null"],
  ["an option of runs", { approve: () => true }, "`resume` to have only signal, context, decisions, got `approve`"],
  ["decisions that are one", { decisions: true }, "`decisions` to be an object, got true or false"],
  ["a decision in other words", { decisions: { "1/tool.pay": "yes" } }, "the decision on `1/tool.pay` to be true, false or { approve"],
  ["a decision that is misspelled", { decisions: { "1/tool.pay": { approved: true } } }, "the decision on `1/tool.pay`"],
  ["a decision with a misspelled part", { decisions: { "1/tool.pay": { approve: true, inputs: {} } } }, "{ approve: true or false, reason, input }"],
])("doesn't go on with %s, and says so to the caller", async (_, options, message) => {
  const { agent } = agentOf([says(call("pay"))], { tools: [pay] });
  const { resumeState } = suspended(await agent.run("task"));
  await expect(agent.resume(resumeState, options as never)).rejects.toThrow(expect.objectContaining({ name: "TypeError" }));
  await expect(agent.resume(resumeState, options as never)).rejects.toThrow(message);
});

it("says where the state is, when another thing is handed over", async () => {
  const { agent } = agentOf([says(call("pay"))], { tools: [pay] });
  const result = suspended(await agent.run("task"));
  await expect(agent.resume(result as never)).rejects.toThrow("as in `result.resumeState`, got type `object` without a version");
  await expect(agent.resume(JSON.stringify(result.resumeState) as never)).rejects.toThrow("got type `string`");
  await expect(agent.loadConversation({} as never)).rejects.toThrow("what `conversation.save()` resolved with");
});

it("asks no check again about an answer of before, and leaves the memory as the check did", async () => {
  const asked: unknown[] = [];
  const { agent, model } = agentOf([says(answer("poor")), says(call("pay")), says(answer("good"))], {
    tools: [pay],
    finalAnswerChecks: [
      (given, { memory }) => {
        asked.push(given);
        memory.add({ type: "summary", summary: `checked ${given}` });
        return asked.length > 1 || "not good enough";
      },
    ],
  });
  const waiting = suspended(await agent.run("task"));
  const result = await agent.resume(JSON.parse(JSON.stringify(waiting.resumeState)), { decisions: approvedIn(waiting) });
  expect(result).toMatchObject({ state: "success", output: "good" });
  expect(asked).toEqual(["poor", "good"]);
  const prompt = JSON.stringify(model.requests.at(-1)?.messages);
  expect(prompt.split("checked poor")).toHaveLength(2);
  expect(prompt).toContain("not good enough");
});
