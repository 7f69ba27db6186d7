import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent, type CodeAgentOptions } from "./code-agent.ts";
import { jsonSchema } from "./json-schema.ts";
import type { ActionStep, Step } from "./memory.ts";
import type { StepCallback } from "./step-callbacks.ts";
import { tool } from "./tool.ts";

const executor = fakeExecutor(({ code, display, finalAnswer }) => {
  if (code.startsWith("answer")) return finalAnswer(1);
  display({ "image/png": btoa(code), "text/plain": "<screenshot>" });
  return null;
});
const write = (code: string): string => `<code>\n${code}\n</code>`;
function agentOf(replies: readonly string[], options: Partial<CodeAgentOptions>): { agent: CodeAgent; model: ReturnType<typeof scriptedModel> } {
  const script = scriptedModel(replies);
  return { model: script, agent: new CodeAgent({ model: Object.assign(script, { seesImages: true }), executor, ...options } as CodeAgentOptions) };
}
const picturesIn = (messages: readonly unknown[] | undefined): number => JSON.stringify(messages).split('"type":"image"').length - 1;

/** What people do with screenshots: only the newest is worth its tokens. */
const dropOldPictures: StepCallback<ActionStep> = (newest, { memory }) =>
  memory.edit((steps) => steps.map((step) => (step.type === "action" && step !== newest && step.images?.length ? { ...step, images: [] } : step)));

describe("step callbacks", () => {
  it("are called after each step of their kind, in order, with the run", async () => {
    const seen: string[] = [];
    const see = (name: string) => (step: Step, context: { agentPath: readonly string[]; context: unknown }) => {
      seen.push(`${name} ${step.type} ${context.agentPath} ${context.context}`);
    };
    const { agent } = agentOf(["Plan", write("a"), write("answer")], {
      planningInterval: 5,
      name: "me",
      stepCallbacks: { system: see("s"), task: see("t"), planning: see("p"), action: [see("first"), see("second")] },
    });
    await agent.run("task", { context: "mine" });
    expect(seen).toEqual([
      "s system me mine",
      "t task me mine",
      "p planning me mine",
      "first action me mine",
      "second action me mine",
      "first action me mine",
      "second action me mine",
    ]);
  });

  it("are for actions when there is one function alone", async () => {
    const seen: number[] = [];
    await agentOf([write("a"), write("answer")], { stepCallbacks: (step: Step) => void seen.push((step as ActionStep).step) }).agent.run("task");
    expect(seen).toEqual([1, 2]);
  });

  it("can drop old pictures: the prompt keeps what comes before the edit", async () => {
    const { agent, model } = agentOf([write("a"), write("b"), write("c"), write("answer")], { stepCallbacks: { action: dropOldPictures } });
    await agent.run("task");
    const prompts = model.requests.map(({ messages }) => messages);
    expect(prompts.map(picturesIn)).toEqual([0, 1, 1, 1]);
    // System prompt, task and all but the newest two steps are the same objects.
    for (const [index, message] of (prompts[2] ?? []).slice(0, 5).entries()) expect(prompts[3]?.[index]).toEqual(message);
    expect(JSON.stringify(prompts[3])).toContain("<screenshot>");
  });

  it("can add to the memory and take away from it", async () => {
    const { agent, model } = agentOf([write("a"), write("b"), write("answer")], {
      stepCallbacks: (step, { memory }) => {
        if ((step as ActionStep).step === 1) memory.add({ type: "task", task: "A word from outside.", attachments: [] });
        if ((step as ActionStep).step === 2) memory.truncate(2);
      },
    });
    await agent.run("task");
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: "user", content: "A word from outside." });
    expect(model.requests[2]?.messages).toHaveLength(2);
  });

  it("can wait, and are waited for", async () => {
    let isDone = false;
    const { agent, model } = agentOf([write("a"), write("answer")], {
      stepCallbacks: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        isDone = model.requests.length === 1 || isDone;
      },
    });
    await agent.run("task");
    expect(isDone).toBe(true);
  });

  it("end the run by throwing, with what it had done", async () => {
    const bug = new Error("my bug");
    const { agent } = agentOf([write("a")], { stepCallbacks: () => Promise.reject(bug) });
    await expect(agent.run("task")).rejects.toBe(bug);
    expect(bug).toMatchObject({ run: { steps: { length: 3 } } });
    expect(executor.openSessions).toBe(0);
  });
});

describe("what never ends by itself is left when the run is aborted", () => {
  const forever = (): Promise<never> => new Promise(() => {});
  it.each<readonly [string, Partial<CodeAgentOptions>]>([
    ["a step callback", { stepCallbacks: forever }],
    ["a check of the answer", { finalAnswerChecks: [forever] }],
    ["a compactor", { compactor: forever }],
    ["a policy", { toolPolicy: forever }],
  ])("%s", async (_, options) => {
    const ping = tool({ name: "ping", description: "Pings.", input: jsonSchema({ type: "object" }), execute: () => 1 });
    const calling = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("ping", [])));
    const { agent } = agentOf([write("answer")], { tools: [ping], executor: calling, ...options } as Partial<CodeAgentOptions>);
    const result = await agent.run("task", { signal: AbortSignal.timeout(20) });
    expect(result).toMatchObject({ state: "aborted" });
    expect(calling.openSessions).toBe(0);
  });
});

describe("stopping after a step", () => {
  it("lets the step come to its end, and keeps it", async () => {
    const { agent, model } = agentOf([write("a"), write("b"), write("answer")], {});
    const run = agent.start("task");
    for await (const event of run) if (event.type === "code") void run.stopAfterStep("that will do");
    expect(await run.result).toMatchObject({ state: "aborted", reason: "that will do", steps: { length: 3 } });
    expect((await run.result).steps[2]).toMatchObject({ observation: expect.stringContaining("<screenshot>") });
    expect(model.remaining).toBe(2);
  });

  it("leaves an answer of that step what it is", async () => {
    const run = agentOf([write("answer")], {}).agent.start("task");
    await run.stopAfterStep();
    expect((await run.result).state).not.toBe("failed");
    const later = agentOf([write("answer")], {}).agent.start("task");
    for await (const event of later) if (event.type === "code") void later.stopAfterStep();
    expect(await later.result).toMatchObject({ state: "success", output: 1 });
  });

  it("ends a run that is stepped by hand and waits", async () => {
    const run = agentOf([write("a"), write("b")], {}).agent.start("task");
    await run.step();
    await run.stopAfterStep("enough");
    expect(await run.result).toMatchObject({ state: "aborted", reason: "enough" });
  });
});

describe("while a callback of the beginning runs", () => {
  const never = (): Promise<void> => new Promise(() => {});

  it("an abort ends the run as aborted", async () => {
    const { agent } = agentOf([write("answer")], { stepCallbacks: { task: never } });
    const run = agent.start("task", { signal: AbortSignal.timeout(50) });
    const events: string[] = [];
    for await (const event of run) if (event.type === "run-end") events.push(event.state);
    expect(events).toEqual(["aborted"]);
    expect(await run.result).toMatchObject({ state: "aborted", reason: { name: "TimeoutError" } });
  });

  it("the time of the run is over when it is over", async () => {
    const { agent } = agentOf(["the last answer"], { stepCallbacks: { task: never }, budget: { wallTimeMs: 50 } });
    expect(await agent.run("task")).toMatchObject({ state: "limit", limit: "wallTimeMs", text: "the last answer" });
  });
});
