import { type FakeHandler, fakeExecutor } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { ConfigurationError, ExecutorCrashedError } from "./errors.ts";
import type { Executor, ExecutorSession, OpenSessionOptions } from "./executor.ts";
import { action, agentOf, answering, eventsOf } from "./testing/code-agents.ts";
import { anything } from "./testing/tools.ts";
import { tool } from "./tool.ts";

const add = tool({ name: "add", description: "Adds.", input: anything, execute: () => 1 });
const pay = tool({ name: "pay", description: "Pays.", input: anything, needsApproval: true, execute: () => 1 });

/** An executor that keeps what its sessions are opened with, and changes them. */
function watched(
  handler: FakeHandler,
  replay: "pure" | false = false,
  change: (session: ExecutorSession) => ExecutorSession = (session) => session,
): { readonly executor: Executor; readonly openings: OpenSessionOptions[] } {
  const fake = fakeExecutor(handler);
  const openings: OpenSessionOptions[] = [];
  const { capabilities } = fake;
  const open = async (options: OpenSessionOptions = {}): Promise<ExecutorSession> => {
    openings.push(options);
    return change(await fake.open(options));
  };
  return { executor: { ...fake, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay } }, open }, openings };
}

const answers = (count: number): string[] => Array.from({ length: count }, () => action("answer 1"));

describe("a sandbox is opened", () => {
  it("with the tools, the variables, the modules and the signal of its run", async () => {
    const { executor, openings } = watched(answering);
    const controller = new AbortController();
    const agent = agentOf(answers(1), { executor, tools: [add], authorizedImports: ["numpy"] });
    await agent.run("task", { additionalArgs: { x: 1 }, signal: controller.signal });
    expect(openings).toMatchObject([{ tools: [{ name: "add" }], variables: { x: 1 }, authorizedImports: ["numpy"] }]);
    expect(openings[0]?.signal?.aborted).toBe(false);
    controller.abort();
    expect(openings[0]?.signal?.aborted).toBe(true);
  });

  it("with an ear for its progress, which is an event", async () => {
    const { executor } = watched(answering);
    const open: Executor["open"] = (options) => {
      options?.onProgress?.("pulling the image");
      return executor.open(options);
    };
    const events = await eventsOf(agentOf(answers(1), { executor: { ...executor, open } }).start("task"));
    expect(events).toContainEqual(expect.objectContaining({ type: "sandbox-progress", message: "pulling the image" }));
  });

  it("with the same randomness for a run of the same id, and another for each of its managed agents", async () => {
    const handler: FakeHandler = (step) => (step.code === "go" ? step.call("member", ["Help."]) : answering(step));
    const { executor, openings } = watched(handler);
    const member = agentOf(answers(1), { executor, name: "member", description: "Helps." });
    const agent = agentOf([action("go"), ...answers(1)], { executor, managedAgents: [member] });
    await agent.run("task", { runId: "mine" });
    const [own, members] = openings.map(({ seed }) => seed);
    expect(own).toBe("mine");
    expect(members).toMatch(/^mine1\/tool\./);
  });

  it("for repetition where a run may have to wait, and nowhere else", async () => {
    const opened = async (executor: Executor, tools: (typeof pay)[], isConversation: boolean): Promise<void> => {
      const agent = agentOf(answers(1), { executor, tools });
      await using chat = agent.conversation();
      await (isConversation ? chat : agent).run("task");
    };
    const { executor, openings } = watched(answering, "pure");
    for (const tools of [[pay], [add]]) for (const isConversation of [true, false]) await opened(executor, tools, isConversation);
    expect(openings.map(({ seed, replayable }) => [typeof seed, replayable])).toEqual([
      ["string", true],
      ["string", true],
      ["undefined", undefined],
      ["undefined", undefined],
    ]);
    const other = watched(answering);
    await opened(other.executor, [pay], true);
    expect(other.openings[0]).toMatchObject({ seed: expect.any(String), replayable: undefined });
  });
});

describe("the sandbox of the next run of a conversation", () => {
  const failingBind = (error: Error) => (session: ExecutorSession) => Object.assign(session, { bind: () => Promise.reject(error) });

  it("has the tools and variables of that run also where it is a fresh one", async () => {
    const { executor, openings } = watched(answering, false, failingBind(new ExecutorCrashedError("The machine is gone.")));
    await using chat = agentOf(answers(2), { executor, tools: [add] }).conversation();
    await chat.run("first", { additionalArgs: { x: 1 } });
    await chat.run("second", { additionalArgs: { x: 2 } });
    expect(openings).toMatchObject([{ variables: { x: 1 } }, { tools: [{ name: "add" }], variables: { x: 2 } }]);
  });

  it("ends the run where it refuses them", async () => {
    const { executor, openings } = watched(answering, false, failingBind(new ConfigurationError("The name `add` is taken.")));
    await using chat = agentOf(answers(2), { executor }).conversation();
    await chat.run("first");
    await expect(chat.run("second")).rejects.toThrow("The name `add` is taken.");
    expect(openings).toHaveLength(1);
  });

  it("may crash as often again", async () => {
    const crashing: FakeHandler = (step) => {
      if (step.code === "crash") throw new ExecutorCrashedError("gone");
      return answering(step);
    };
    const { executor, openings } = watched(crashing);
    const run = [action("crash"), action("crash"), ...answers(1)];
    await using chat = agentOf([...run, ...run], { executor }).conversation();
    for (const task of ["first", "second"]) expect(await chat.run(task)).toMatchObject({ state: "success" });
    expect(openings).toHaveLength(5);
  });
});
