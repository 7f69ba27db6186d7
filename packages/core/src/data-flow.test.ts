import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { ToolInputError } from "./errors.ts";
import { noUsage } from "./model.ts";
import { agentOf, executor, injected, steps, world } from "./testing/data-flow.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

async function warningsOf(agent: CodeAgent): Promise<string[]> {
  const warnings: string[] = [];
  for await (const event of agent.start("task")) if (event.type === "warning" && event.message.includes("leak")) warnings.push(event.message);
  return warnings;
}

describe("by default", () => {
  it("a run whose agent could be made to leak warns and names the tools, and nothing is refused", async () => {
    const { sent, readPage, readNotes, sendMail } = world();
    const warnings = await warningsOf(agentOf(["read_notes read_page mail:kept"], { tools: [readPage, readNotes, sendMail] }));
    expect(warnings).toEqual([expect.stringMatching(/read_notes.*read_page.*send_mail/)]);
    expect(sent).toEqual([injected]);
  });

  it("a team counts as one", async () => {
    const { readPage, readNotes, sendMail } = world();
    const worker = agentOf([], { name: "worker", description: "Reads.", tools: [readPage] });
    expect(await warningsOf(agentOf([], { tools: [readNotes, sendMail], managedAgents: [worker] }))).toHaveLength(1);
  });

  it.each(["readPage", "readNotes", "sendMail"] as const)("there is no warning without %s", async (missing) => {
    const tools = Object.entries(world()).flatMap(([name, each]) => (name === missing || name === "sent" ? [] : [each]));
    expect(await warningsOf(agentOf([], { tools: tools as never }))).toEqual([]);
  });

  it("there is no warning when it was switched off", async () => {
    const { readPage, readNotes, sendMail } = world();
    expect(await warningsOf(agentOf([], { tools: [readPage, readNotes, sendMail], dataPolicy: "off" }))).toEqual([]);
  });
});

describe("with dataPolicy block", () => {
  it.each<readonly [string, readonly string[]]>([
    ["in the same program", ["read_page mail:kept"]],
    ["through a variable, in a later step", ["read_page", "add", "mail:kept"]],
    ["with other words, so that nothing of the page is in it", ["read_page", "mail:rephrased"]],
  ])("nothing gets out after a page was read: %s", async (_, programs) => {
    const { sent, ...tools } = world();
    const result = await agentOf(programs, { tools: Object.values(tools), dataPolicy: "block" }).run("task");
    expect(result).toMatchObject({ state: "success", output: "done" });
    expect(sent).toEqual([]);
    expect(JSON.stringify(result.steps)).toMatch(/send_mail was refused: send_mail sends data out.*read_page/);
  });

  it("nothing gets out that a managed agent has read", async () => {
    const { sent, readPage, sendMail } = world();
    const worker = agentOf(["read_page"], { name: "worker", description: "Reads.", tools: [readPage] });
    await agentOf(["delegate", "mail:delegated"], { tools: [sendMail], managedAgents: [worker], dataPolicy: "block" }).run("task");
    expect(sent).toEqual([]);
  });

  it("nothing gets out by way of a managed agent without a policy of its own", async () => {
    const { sent, readPage, sendMail } = world();
    const worker = agentOf(["mail:notes"], { name: "worker", description: "Mails.", tools: [sendMail], dataPolicy: "off" });
    await agentOf(["read_page", "delegate-mail"], { tools: [readPage], managedAgents: [worker], dataPolicy: "block" }).run("task");
    expect(sent).toEqual([]);
  });

  it("nothing gets out in the next run of a conversation", async () => {
    const { sent, ...tools } = world();
    const chat = agentOf(["read_page", "answer", "mail:kept"], { tools: Object.values(tools), dataPolicy: "block" }).conversation();
    await chat.run("one");
    await chat.run("two");
    await chat[Symbol.asyncDispose]();
    expect(sent).toEqual([]);
  });

  it("a failed reading counts: also an error may carry what a stranger wrote", async () => {
    const { sent, sendMail } = world();
    const broken = tool({
      name: "read_page",
      description: "Reads.",
      input: z.object({}),
      ingests: "untrusted",
      execute: () => Promise.reject(new Error(injected)),
    });
    await agentOf(["read_page", "mail:notes"], { tools: [broken, sendMail], dataPolicy: "block" }).run("task");
    expect(sent).toEqual([]);
  });

  it("a clean run sends what it likes", async () => {
    const { sent, ...tools } = world();
    await agentOf(["add read_notes", "mail:notes"], { tools: Object.values(tools), dataPolicy: "block" }).run("task");
    expect(sent).toEqual(["notes"]);
  });

  it.each([
    ["of a tool that there isn't", "read_pages"],
    ["with wrong arguments", "read_page wrong"],
    ["that was denied", "read_page"],
  ])("a call %s has read nothing, in the next run of a conversation neither", async (_, program) => {
    const { sent, readPage, sendMail } = world();
    const call = (name: string, input: object) => ({ type: "tool-call", id: "", name, input: input as never }) as const;
    const [name = "", wrong] = program.split(" ");
    const turns = [call(name, wrong ? { [wrong]: 1 } : {}), call("final_answer", { answer: 1 }), call("send_mail", { text: "notes" })];
    const model = scriptedModel(
      [...turns, turns[1] as (typeof turns)[0]].map((part) => ({ content: [part], usage: noUsage, finishReason: "tool-calls" })),
    );
    const toolPolicy = ({ tool: called }: { tool: string }) => (called === "read_page" ? { deny: "no" } : ("allow" as const));
    const chat = new ToolCallingAgent({ model, tools: [readPage, sendMail], dataPolicy: "block", toolPolicy }).conversation();
    await chat.run("one");
    await chat.run("two");
    expect(sent).toEqual(["notes"]);
  });

  it("a reading that its tool calls a wrong call counts in the run that is handed its steps, too", async () => {
    const { sent, readPage, sendMail } = world();
    const refusing = { ...readPage, execute: () => Promise.reject(new ToolInputError(injected)) };
    const earlier = await agentOf(["read_page"], { tools: [refusing] }).run("task");
    await agentOf(["mail:notes"], { tools: [readPage, sendMail], dataPolicy: "block" }).run("task", { memory: earlier.steps });
    expect(sent).toEqual([]);
  });

  it("runs of one agent don't taint each other", async () => {
    const { sent, ...tools } = world();
    const agent = new CodeAgent({
      executor,
      tools: Object.values(tools),
      dataPolicy: "block",
      model: scriptedModel(steps("read_page", "answer", "mail:clean")),
    });
    await agent.run("one");
    await agent.run("two");
    expect(sent).toEqual(["clean"]);
  });

  it("what was sent before the page was read is sent", async () => {
    const { sent, ...tools } = world();
    await agentOf(["mail:early read_page mail:late"], { tools: Object.values(tools), dataPolicy: "block" }).run("task");
    expect(sent).toEqual(["early"]);
  });

  it("an approval lets the call through, and its approver is told why it matters", async () => {
    const { sent, ...tools } = world();
    const reasons: unknown[] = [];
    const approve = ({ reason }: { reason?: string | undefined }): boolean => reasons.push(reason) > 0;
    const toolPolicy = ({ tool: name }: { tool: string }) => (name === "send_mail" ? "ask" : "allow") as "ask" | "allow";
    await agentOf(["read_page", "mail:kept"], { tools: Object.values(tools), dataPolicy: "block", toolPolicy }).run("task", { approve });
    expect(sent).toEqual([injected]);
    expect(reasons).toEqual([expect.stringContaining("read_page")]);
  });

  it("a policy that rewrites the call does not let it through", async () => {
    const { sent, ...tools } = world();
    const toolPolicy = ({ tool: name }: { tool: string }) => (name === "send_mail" ? { rewrite: { text: "clean" } } : ("allow" as const));
    await agentOf(["read_page", "mail:kept"], { tools: Object.values(tools), dataPolicy: "block", toolPolicy }).run("task");
    expect(sent).toEqual([]);
  });

  it("holds for an agent that calls tools itself", async () => {
    const { sent, ...tools } = world();
    const call = (name: string, input: object) =>
      ({ content: [{ type: "tool-call", id: "", name, input: input as never }], usage: noUsage, finishReason: "tool-calls" }) as const;
    const model = scriptedModel([call("read_page", {}), call("send_mail", { text: "notes" }), call("final_answer", { answer: 1 })]);
    const result = await new ToolCallingAgent({ model, tools: Object.values(tools), dataPolicy: "block" }).run("task");
    expect(sent).toEqual([]);
    expect(result.steps[3]).toMatchObject({ toolResults: [{ isError: true, content: expect.stringContaining("refused") }] });
  });
});

describe("with dataPolicy ask", () => {
  it.each([true, false])("the approver decides: %s", async (approve) => {
    const { sent, ...tools } = world();
    const asked: string[] = [];
    const decide = ({ tool: name }: { tool: string }): boolean => asked.push(name) > 0 && approve;
    await agentOf(["mail:early", "read_page", "mail:late"], { tools: Object.values(tools), dataPolicy: "ask" }).run("task", { approve: decide });
    expect(asked).toEqual(["send_mail"]);
    expect(sent).toEqual(approve ? ["early", "late"] : ["early"]);
  });

  it("the run is suspended where nobody can be asked at once", async () => {
    const { sent, ...tools } = world();
    const result = await agentOf(["read_page", "mail:late"], { tools: Object.values(tools), dataPolicy: "ask" }).run("task");
    expect(result).toMatchObject({ state: "suspended", pending: [{ tool: "send_mail", reason: expect.stringContaining("read_page") }] });
    expect(sent).toEqual([]);
  });
});

it("tells whoever decides why a call is dangerous, beside a policy's own reason", async () => {
  const { readPage, sendMail } = world();
  const toolPolicy = ({ tool: name }: { tool: string }) => (name === "send_mail" ? { ask: "outgoing mail" } : ("allow" as const));
  const reasons: unknown[] = [];
  const approve = ({ reason }: { reason?: string | undefined }): boolean => reasons.push(reason) < 0;
  await agentOf(["read_page", "mail:kept"], { tools: [readPage, sendMail], dataPolicy: "block", toolPolicy }).run("task", { approve });
  expect(reasons).toEqual([expect.stringMatching(/^outgoing mail; send_mail sends data out/)]);
});
