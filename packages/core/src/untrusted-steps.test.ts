import { scriptedModel } from "@codelet/testing";
import { expect, it } from "vitest";
import { z } from "zod";
import type { AgentOptions } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
import type { Step } from "./memory.ts";
import { summarizeSteps } from "./summarize-steps.ts";
import { agentOf, executor, steps, world } from "./testing/data-flow.ts";
import { tool } from "./tool.ts";

it("what an earlier run has read counts for the one that goes on from its memory", async () => {
  const { sent, readPage, sendMail, add } = world();
  const reader = await agentOf(["read_page"], { tools: [readPage] }).run("task");
  const adder = await agentOf(["add"], { tools: [add] }).run("task");
  const mailer = (): CodeAgent => agentOf(["mail:x"], { tools: [sendMail, add], dataPolicy: "block" });
  await mailer().run("task", { memory: reader.steps });
  expect(sent).toEqual([]);
  await mailer().run("task", { memory: adder.steps });
  expect(sent).toEqual(["x"]);
});

it("stays known where steps have become a summary, in memory that is handed on and in a conversation that was suspended", async () => {
  const { sent, readPage, sendMail } = world();
  const shorten: AgentOptions<never>["stepCallbacks"] = {
    action: (_, { memory }) =>
      memory.edit((steps) => steps.map((step) => (step.type === "action" ? { type: "summary", summary: "A page was read." } : step))),
  };
  const options = { tools: [readPage, sendMail], dataPolicy: "block" } as const;
  const first = await agentOf(["read_page"], { ...options, stepCallbacks: shorten }).run("task");
  await agentOf(["mail:hello"], options).run("task", { memory: first.steps });
  expect(sent).toEqual([]);

  const ask = tool({ name: "ask", description: "Asks.", input: z.object({}), needsApproval: true, execute: () => "yes" });
  const agent = new CodeAgent({
    model: scriptedModel([...steps("read_page"), ...steps("ask", "mail:hello")]),
    executor,
    ...options,
    tools: [readPage, sendMail, ask],
    stepCallbacks: shorten,
  } as never) as CodeAgent;
  const chat = agent.conversation();
  await chat.run("read");
  const waiting = await chat.run("go on");
  if (waiting.state !== "suspended") throw new Error(waiting.state);
  const decisions = Object.fromEntries(waiting.pending.map(({ id }) => [id, true]));
  await agent.resume(JSON.parse(JSON.stringify(waiting.resumeState)), { decisions });
  expect(sent).toEqual([]);
});

it("counts steps of another agent that were put into a conversation's memory", async () => {
  const { sent, readPage, sendMail } = world();
  const read = await agentOf(["read_page"], { tools: [readPage] }).run("task");
  const chat = agentOf(["mail:hello"], { tools: [sendMail], dataPolicy: "block" }).conversation();
  chat.memory.edit(() => read.steps);
  await chat.run("task");
  expect(sent).toEqual([]);
});

it("an agent that read nothing leaves nothing behind for the next run of a conversation, though it could have", async () => {
  const { sent, readPage, add, sendMail } = world();
  const options = { name: "worker", description: "Works.", tools: [readPage, add] };
  const chatOf = (program: string) =>
    agentOf(["delegate", "answer", "mail:hello"], {
      tools: [sendMail],
      managedAgents: [agentOf([program], options)],
      dataPolicy: "block",
    }).conversation();
  for (const program of ["read_page", "add"]) {
    const chat = chatOf(program);
    await chat.run("one");
    await chat.run("two");
    expect(sent).toEqual(program === "add" ? ["hello"] : []);
  }
});

it.each<readonly [string, (steps: readonly Step[]) => readonly Step[]]>([
  ["a plan", (steps) => steps.filter(({ type }) => type === "planning").slice(1)],
  ["a later step", (steps) => steps.filter((step) => step.type === "action" && step.step > 1)],
  ["the summary of a plan", (steps) => [summarizeSteps(steps.filter(({ type }) => type === "planning").slice(1), 1_000)]],
])("%s that was written after a page was read counts for the run that it is handed to", async (_, choose) => {
  const { sent, readPage, add, sendMail } = world();
  const handedFrom = async (program: string): Promise<readonly Step[]> => {
    const model = scriptedModel(["Look.", `<code>\n${program}\n</code>`, "Then mail.", "<code>\nanswer\n</code>"]);
    const { steps: all } = await new CodeAgent({ model, executor, tools: [readPage, add], planningInterval: 1 }).run("task");
    return choose(all);
  };
  for (const program of ["read_page", "add"]) {
    const memory = await handedFrom(program);
    expect(memory).toHaveLength(1);
    await agentOf(["mail:hello"], { tools: [sendMail], dataPolicy: "block" }).run("task", { memory });
    expect(sent).toEqual(program === "add" ? ["hello"] : []);
  }
});

it("a member's task that was given after a page was read counts, too", async () => {
  const { sent, readPage, sendMail } = world();
  const tasks: Step[] = [];
  const keep: AgentOptions<never>["stepCallbacks"] = { task: (step) => tasks.push(step) };
  const worker = agentOf([], { name: "worker", description: "Works.", stepCallbacks: keep });
  await agentOf(["read_page", "delegate"], { tools: [readPage], managedAgents: [worker] }).run("task");
  await agentOf(["mail:hello"], { tools: [sendMail], dataPolicy: "block" }).run("task", { memory: tasks });
  expect(sent).toEqual([]);
});
