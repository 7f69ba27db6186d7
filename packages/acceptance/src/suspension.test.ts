import { CodeAgent, type CodeAgentOptions, noUsage, type RunResult, type SuspendedRun, ToolCallingAgent, tool } from "@codelet/core";
import { localExecutor } from "@codelet/executor-local";
import { expect, it } from "vitest";
import { z } from "zod";
import { local } from "./executors.ts";

const action = (code: string): string => `Thought: go\n<code>\n${code}\n</code>`;

/** Answers by how many answers there were before, as a model does that knows nothing of processes. */
function agentOf(replies: readonly string[], effects: string[], options: Partial<CodeAgentOptions> = {}): CodeAgent {
  const pay = tool({
    name: "pay",
    description: "Pays.",
    input: z.object({ amount: z.number() }),
    output: z.number(),
    needsApproval: true,
    execute: ({ amount }) => {
      effects.push(`pay ${amount}`);
      return amount;
    },
  });
  const note = tool({
    name: "note",
    description: "Notes.",
    input: z.object({ text: z.string() }),
    execute: ({ text }) => {
      effects.push(`note ${text}`);
    },
  });
  const model = {
    id: "scripted",
    generate: async ({ messages }: { messages: readonly { role: string }[] }) => {
      const text = replies[messages.filter(({ role }) => role === "assistant").length] ?? action('final_answer("unexpected")');
      return { content: [{ type: "text" as const, text }], usage: noUsage, finishReason: "stop" as const };
    },
  };
  return new CodeAgent({ model, executor: local, tools: [pay, note], ...options } as CodeAgentOptions);
}

const stored = (result: RunResult): SuspendedRun => {
  if (result.state !== "suspended") throw new Error(`Expected a suspended run, got ${JSON.stringify(result)}`);
  return JSON.parse(JSON.stringify(result.resumeState)) as SuspendedRun;
};
const decide = (result: RunResult, decision: boolean): Record<string, boolean> =>
  Object.fromEntries(result.state === "suspended" ? result.pending.map(({ id }) => [id, decision]) : []);

it("can't be caught by code: nothing of the program runs after it", async () => {
  const effects: string[] = [];
  const code = `
try:
    pay(1)
except BaseException as error:
    note(f"caught {type(error).__name__}")
finally:
    note("finally")
final_answer("done")`;
  const agent = agentOf([action(code)], effects);
  const suspended = await agent.run("task");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(effects).toEqual([]);
  expect(await agent.resume(stored(suspended), { decisions: decide(suspended, true) })).toMatchObject({ state: "success", output: "done" });
  expect(effects).toEqual(["pay 1", "note finally"]);
});

it("ends by a denial that code catches by its type", async () => {
  const effects: string[] = [];
  const code = `
try:
    pay(1)
except PermissionError as error:
    final_answer([isinstance(error, ToolError), str(error)])`;
  const agent = agentOf([action(code)], effects);
  const suspended = await agent.run("task");
  const reason = { approve: false, reason: "too much" };
  const decisions = Object.fromEntries(suspended.state === "suspended" ? suspended.pending.map(({ id }) => [id, reason]) : []);
  const result = await agent.resume(stored(suspended), { decisions });
  expect(result).toMatchObject({ state: "success", output: [true, expect.stringContaining("too much")] });
  expect(effects).toEqual([]);
});

it("keeps a state that grows with what happened, and repeats no event", { timeout: 120_000 }, async () => {
  const effects: string[] = [];
  const agent = agentOf([action("total = 0\nfor amount in range(24):\n    total += pay(amount)\nfinal_answer(total)")], effects);
  const sizes: number[] = [];
  const types: string[] = [];
  let result = await agent.run("task");
  while (result.state === "suspended") {
    sizes.push(JSON.stringify(result.resumeState).length);
    const run = agent.startResumed(stored(result), { decisions: decide(result, true) });
    for await (const event of run) types.push(event.type);
    result = await run.result;
  }
  expect(result).toMatchObject({ state: "success", output: 276 });
  expect(effects).toHaveLength(24);
  const growth = sizes.slice(1).map((size, index) => size - (sizes[index] as number));
  expect(Math.max(...growth)).toBeLessThan(1.5 * Math.min(...growth));
  expect(types.filter((type) => type === "run-start" || type === "step-start" || type === "code")).toEqual([]);
  expect(types.filter((type) => type === "tool-result")).toHaveLength(24);
  expect(types.filter((type) => type === "run-end")).toHaveLength(24);
});

it("lets an approver change the arguments", async () => {
  const effects: string[] = [];
  const agent = agentOf([action("final_answer(pay(100))")], effects);
  const suspended = await agent.run("task");
  const decisions = { [Object.keys(decide(suspended, true))[0] as string]: { approve: true, input: { amount: 5 } } };
  expect(await agent.resume(stored(suspended), { decisions })).toMatchObject({ state: "success", output: 5 });
  expect(effects).toEqual(["pay 5"]);
});

it("is told to a model whose programs can't run again, and its next program runs in a fresh sandbox", async () => {
  const effects: string[] = [];
  const options = { executor: localExecutor({ sandbox: "none" }) } as Partial<CodeAgentOptions>;
  const agent = agentOf([action("pay(1)"), action('final_answer("another way")')], effects, options);
  const suspended = await agent.run("task");
  const result = await agent.resume(stored(suspended), { decisions: decide(suspended, true) });
  expect(result).toMatchObject({ state: "success", output: "another way" });
  expect(JSON.stringify(result.steps)).toContain("ProgramNotResumed");
  expect(effects).toEqual([]);
});

it("goes on in a later step of a conversation, with what earlier runs had said", async () => {
  const effects: string[] = [];
  const agent = agentOf([action('final_answer("hello")'), action("final_answer(pay(3))")], effects);
  await using chat = agent.conversation();
  await chat.run("Hello.");
  const suspended = await chat.run("Pay 3.");
  const saved = JSON.parse(JSON.stringify(await chat.save()));
  await using later = await agent.loadConversation(saved);
  expect(await later.resume(stored(suspended), { decisions: decide(suspended, true) })).toMatchObject({ state: "success", output: 3 });
  expect(later.memory.steps.filter(({ type }) => type === "task")).toHaveLength(2);
});

it("refuses another agent, a damaged state and a decision for nobody, in words", async () => {
  const effects: string[] = [];
  const suspended = await agentOf([action("pay(1)")], effects).run("task");
  const state = stored(suspended);
  const other = agentOf([], effects, { tools: [] });
  await expect(other.resume(state)).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("the tool `pay`") });
  const changed = tool({ name: "pay", description: "Pays.", input: z.object({ euros: z.number() }), execute: () => 1 });
  await expect(agentOf([], effects, { tools: [changed] }).resume(state)).rejects.toMatchObject({ code: "configuration" });
  const agent = agentOf([], effects);
  await expect(agent.resume(state, { decisions: { nobody: true } })).rejects.toMatchObject({
    code: "configuration",
    message: /no pending approval/i,
  });
  for (const damaged of [
    undefined,
    {},
    { ...state, version: 2 },
    { ...state, journal: [["1/model", "outcome", { $type: "bad" }]] },
    { ...state, given: 7 },
  ])
    await expect(agent.resume(damaged as never)).rejects.toMatchObject({ code: expect.stringMatching(/protocol|configuration/) });
  await expect(new ToolCallingAgent({ model: async () => "" }).resume(state)).rejects.toMatchObject({ code: "configuration" });
});
