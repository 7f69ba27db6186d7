import { type FakeHandler, fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import type { Conversation } from "./conversation.ts";
import { ExecutorCrashedError } from "./errors.ts";
import type { Executor, OpenSessionOptions } from "./executor.ts";
import { jsonSchema } from "./json-schema.ts";
import type { TaskStep } from "./memory.ts";
import type { StepCallback } from "./step-callbacks.ts";
import { tool } from "./tool.ts";

const answering: FakeHandler = ({ finalAnswer }) => finalAnswer("done");
const write = (code: string): string => `<code>\n${code}\n</code>`;

describe("the sandbox of a conversation", () => {
  it("that did not open is opened again by the next run", async () => {
    const executor = fakeExecutor(answering);
    let opened = 0;
    const failing: Executor = {
      ...executor,
      open: (options) => (opened++ === 0 ? Promise.reject(new ExecutorCrashedError("The daemon is away.")) : executor.open(options)),
    };
    await using chat = new CodeAgent({ model: scriptedModel([write("x"), write("x")]), executor: failing }).conversation();
    await expect(chat.run("first")).rejects.toMatchObject({ code: "executor-crashed" });
    expect(await chat.run("second")).toMatchObject({ state: "success", output: "done" });
    expect(opened).toBe(2);
  });

  it("can repeat its programs, also where only a later run may have to wait", async () => {
    const executor = fakeExecutor(answering);
    const replayable: unknown[] = [];
    const open = (options: OpenSessionOptions = {}): ReturnType<Executor["open"]> => {
      replayable.push(options.replayable);
      return executor.open({ ...options, replayable: undefined });
    };
    const { capabilities } = executor;
    const repeating: Executor = { ...executor, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: "pure" } }, open };
    const asking = tool({ name: "pay", description: "Pays.", input: jsonSchema({ type: "object" }), needsApproval: true, execute: () => 1 });
    const agent = new CodeAgent({ model: scriptedModel([write("x"), write("x")]), executor: repeating, tools: [asking] });
    await using chat = agent.conversation();
    await chat.run("first", { approve: () => true });
    await agent.run("alone", { approve: () => true });
    expect(replayable).toEqual([true, undefined]);
  });

  it("that was found again and crashed is replaced by a fresh one", async () => {
    const executor = fakeExecutor((step) => {
      if (step.code === "crash") throw new ExecutorCrashedError("gone");
      return answering(step);
    });
    const restored: unknown[] = [];
    const open = (options: OpenSessionOptions = {}): ReturnType<Executor["open"]> => {
      restored.push(options.restore);
      return executor.open({ ...options, restore: undefined });
    };
    const agent = new CodeAgent({ model: scriptedModel([write("crash"), write("x")]), executor: { ...executor, open } });
    const saved = await agent.conversation().save();
    await using chat = await agent.loadConversation({ ...saved, sandbox: { id: "left alive" } as never });
    expect(await chat.run("task")).toMatchObject({ state: "success", output: "done" });
    expect(restored).toEqual([{ id: "left alive" }, undefined]);
  });
});

/** An executor that counts the sessions which nobody has disposed of. */
function countedExecutor(): { readonly executor: Executor; open(): number } {
  const executor = fakeExecutor(({ finalAnswer }) => finalAnswer(1));
  let open = 0;
  const counted: Executor = {
    ...executor,
    async open(options) {
      const session = await executor.open(options);
      const dispose = session[Symbol.asyncDispose].bind(session);
      open++;
      return Object.assign(session, { [Symbol.asyncDispose]: () => dispose().then(() => void open--) });
    },
  };
  return { executor: counted, open: () => open };
}

it("opens no sandbox once it was disposed of, since nobody would close it", async () => {
  const { executor, open } = countedExecutor();
  const text = "<code>\nfinal_answer(1)\n</code>";
  const agent = new CodeAgent({ model: scriptedModel([text, text, text]), executor });
  const chat = agent.conversation();
  await chat.run("one");
  expect(open()).toBe(1);
  await chat[Symbol.asyncDispose]();
  await expect(chat.run("two")).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("loadConversation") });
  await expect(chat.start("three").result).rejects.toMatchObject({ code: "configuration" });
  expect(open()).toBe(0);

  await using next = await agent.loadConversation(await chat.save());
  expect(await next.run("four")).toMatchObject({ state: "success" });
});

it("leaves no sandbox open where it is disposed of before its run has opened one", async () => {
  const { executor, open } = countedExecutor();
  for (let turns = 0; turns < 20; turns++) {
    const chat = new CodeAgent({ model: scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), executor }).conversation();
    const run = chat.run("one").catch(() => {});
    for (let turn = 0; turn < turns; turn++) await undefined;
    await chat[Symbol.asyncDispose]();
    await run;
    expect(open(), `after ${turns} turns`).toBe(0);
  }
});

it("tells how a run has ended also where it was disposed of in the middle, and its sandbox doesn't close", async () => {
  const { executor } = countedExecutor();
  const close = (): Promise<never> => Promise.reject(new Error("no connection"));
  const stuck: Executor = { ...executor, open: async (options) => Object.assign(await executor.open(options), { [Symbol.asyncDispose]: close }) };
  const chat = new CodeAgent({ model: scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), executor: stuck }).conversation();
  const run = chat.start("one");
  const warnings: string[] = [];
  for await (const event of run) {
    if (event.type === "run-start") void chat[Symbol.asyncDispose]().catch(() => {});
    if (event.type === "warning") warnings.push(event.message);
  }
  expect(await run.result).toMatchObject({ state: "success", output: 1 });
  expect(warnings).toContain("The sandbox did not close: Error: no connection");
});

it("goes on from the answer that was given at a limit, also once it was saved", async () => {
  const model = scriptedModel([write("x"), "It is about 40.", write("y"), write("z")]);
  const executor = fakeExecutor((step) => (step.code === "x" ? null : answering(step)));
  const agent = new CodeAgent({ model, executor });
  await using chat = agent.conversation();
  expect(await chat.run("How much?", { maxSteps: 1 })).toMatchObject({ state: "limit", text: "It is about 40." });
  await chat.run("Are you sure?");
  expect(model.requests.at(-1)?.messages.slice(-2)).toMatchObject([
    { role: "assistant", content: "It is about 40." },
    { role: "user", content: "New task:\nAre you sure?" },
  ]);
  await using loaded = await agent.loadConversation(await chat.save());
  await loaded.run("And now?");
  expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain("It is about 40.");
});

it("knows the answer that a program has computed, also once it was saved", async () => {
  const model = scriptedModel([write("final_answer(6 * 7)"), write("x"), write("x")]);
  const agent = new CodeAgent({ model, executor: fakeExecutor(({ finalAnswer }) => finalAnswer(42)) });
  await using chat = agent.conversation();
  await chat.run("How many?");
  await chat.run("And twice that?");
  await using later = await agent.loadConversation(JSON.parse(JSON.stringify(await chat.save())));
  await later.run("And half of it?");
  for (const { messages } of model.requests.slice(1)) expect(messages[3]).toEqual({ role: "user", content: "Observation:\nAnswer given:\n42" });
});

it("goes on in a fresh sandbox where the one before was lost between runs, and tells the model", async () => {
  const executor = fakeExecutor((step) => (step.code === "look" ? null : answering(step)));
  let opened = 0;
  const losing: Executor = {
    ...executor,
    async open(options) {
      opened++;
      const session = await executor.open(options);
      return Object.assign(session, { bind: () => Promise.reject(new ExecutorCrashedError("The machine is gone.")) });
    },
  };
  const model = scriptedModel([write("x"), write("look"), write("y")]);
  await using chat = new CodeAgent({ model, executor: losing }).conversation();
  await chat.run("first");
  expect(await chat.run("second")).toMatchObject({ state: "success" });
  expect(opened).toBe(2);
  expect(JSON.stringify(model.requests[2]?.messages.at(-1))).toContain("all variables, functions and imports are gone");
});

it("keeps telling that the sandbox is new where a suspended run could not go on", async () => {
  const ask = tool({ name: "ask", description: "Asks.", input: jsonSchema({ type: "object" }), needsApproval: true, execute: () => "yes" });
  const executor = fakeExecutor(async (step) => (step.code === "ask" ? step.call("ask", []) : answering(step)));
  const model = scriptedModel([write("ask"), write("y")]);
  await using chat = new CodeAgent({ model, executor, tools: [ask] }).conversation();
  const waiting = await chat.run("first");
  if (waiting.state !== "suspended") throw new Error(waiting.state);
  await expect(chat.resume(waiting.resumeState, { decisions: { nope: true } })).rejects.toMatchObject({ code: "configuration" });
  await chat.run("second");
  expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toContain("The sandbox is a new one");
});

describe("a run that was suspended in a conversation", () => {
  const paid: number[] = [];
  const pay = tool({
    ...{ name: "pay", description: "Pays.", input: jsonSchema<{ n: number }>({ type: "object", properties: { n: {} } }), needsApproval: true },
    execute: ({ n }) => paid.push(n),
  });
  const fake = fakeExecutor(async (step) => (step.code === "pay" ? step.finalAnswer(await step.call("pay", [1])) : answering(step)));
  const executor: Executor = { ...fake, capabilities: { ...fake.capabilities, recovery: { pinned: false, snapshot: false, replay: "pure" } } };
  const suspended = async (chat: Conversation<unknown>) => {
    const waiting = await chat.run("pay");
    if (waiting.state !== "suspended") throw new Error(waiting.state);
    return [waiting.resumeState, { decisions: { [waiting.pending[0]?.id ?? ""]: true } }] as const;
  };

  it("is refused once the conversation has gone on, whose steps it would take away, and goes on by itself", async () => {
    const agent = new CodeAgent({ model: scriptedModel([write("pay"), write("y")]), executor, tools: [pay] });
    await using chat = agent.conversation();
    const waiting = await suspended(chat);
    await chat.run("something else");
    const steps = chat.memory.fullSteps();
    await expect(chat.resume(...waiting)).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("gone on") });
    expect(chat.memory.steps).toEqual(steps);
    expect(await agent.resume(...waiting)).toMatchObject({ state: "success" });
    expect(paid).toEqual([1]);
  });

  it("is refused in a conversation that another run with the same task was left in", async () => {
    const agent = new CodeAgent({ model: scriptedModel([write("pay"), write("pay")]), executor, tools: [pay] });
    const others = await suspended(agent.conversation());
    await using chat = agent.conversation();
    await suspended(chat);
    await expect(chat.resume(...others)).rejects.toMatchObject({ code: "configuration" });
  });

  it("goes on where a callback has told the model more, also in the conversation as it was saved, and not once another was begun", async () => {
    const remind: StepCallback<TaskStep> = (_, { memory }) => memory.add({ type: "task", task: "Be brief.", attachments: [] });
    const options = { executor, tools: [pay], stepCallbacks: { task: remind } };
    const agent = new CodeAgent({ ...options, model: scriptedModel([write("pay"), write("pay"), write("pay"), write("y")]) });
    await using chat = agent.conversation();
    expect(await chat.resume(...(await suspended(chat)))).toMatchObject({ state: "success" });
    const waiting = await suspended(chat);
    await using loaded = await agent.loadConversation(JSON.parse(JSON.stringify(await chat.save())));
    expect(await loaded.resume(...waiting)).toMatchObject({ state: "success" });
    const left = await suspended(loaded);
    await loaded.run("something else");
    await expect(loaded.resume(...left)).rejects.toMatchObject({ code: "configuration" });
  });

  it("makes no call again where the conversation has a live sandbox, and leaves none open", async () => {
    paid.length = 0;
    const agent = new CodeAgent({ model: scriptedModel([write("x"), write("pay")]), executor, tools: [pay] });
    await using chat = agent.conversation();
    await chat.run("first");
    await using elsewhere = await agent.loadConversation(await chat.save());
    expect(await chat.resume(...(await suspended(elsewhere)))).toMatchObject({ state: "success" });
    expect([paid, fake.openSessions]).toEqual([[1], 1]);
  });

  it("is followed by a task that says what is gone of the runs before it, where there were any", async () => {
    for (const [before, told] of [[["x"], true] as const, [[], false] as const]) {
      const model = scriptedModel([...before, "pay", "y"].map(write));
      await using chat = new CodeAgent({ model, executor, tools: [pay] }).conversation();
      for (const task of before) await chat.run(task);
      await chat.resume(...(await suspended(chat)));
      await chat.run("another");
      expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1)).includes("imports from earlier ones are gone")).toBe(told);
      await chat.run("and another").catch(() => {});
      expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).not.toContain("are gone");
    }
  });

  /** One whose sandboxes are left alive, until they are gone; and what was to be found again. */
  function pinned(): { readonly alive: Executor; readonly restored: unknown[]; isGone: boolean } {
    const reference = { executor: "fake", data: "left alive" };
    const restored: unknown[] = [];
    const open = async ({ restore, ...options }: OpenSessionOptions = {}): ReturnType<Executor["open"]> => {
      restored.push(restore?.data);
      if (restore !== undefined && sandboxes.isGone) throw new ExecutorCrashedError("gone", { details: { sandbox: "gone" } });
      return Object.assign(await fake.open(options), { reference, detach: async () => reference });
    };
    const recovery = { pinned: true, snapshot: false, replay: "pure" } as const;
    const sandboxes = { alive: { ...fake, open, capabilities: { ...fake.capabilities, recovery } }, restored, isGone: false };
    return sandboxes;
  }

  it("takes the sandbox with it, also one that the conversation had found again", async () => {
    const { alive, restored } = pinned();
    const agent = new CodeAgent({ model: scriptedModel(["x", "pay", "y"].map(write)), executor: alive, tools: [pay] });
    await using before = agent.conversation();
    await before.run("first");
    await using chat = await agent.loadConversation(await before.save());
    await suspended(chat);
    await chat.run("something else");
    expect(restored).toEqual([undefined, "left alive", undefined]);
  });

  it("is followed by a task that says what is gone also where its own sandbox was there no more", async () => {
    const sandboxes = pinned();
    const model = scriptedModel(["x", "pay", "y"].map(write));
    await using chat = new CodeAgent({ model, executor: sandboxes.alive, tools: [pay] }).conversation();
    await chat.run("first");
    const waiting = await suspended(chat);
    sandboxes.isGone = true;
    expect(await chat.resume(...waiting)).toMatchObject({ state: "success" });
    await chat.run("another");
    expect(sandboxes.restored).toEqual([undefined, "left alive", undefined]);
    expect(JSON.stringify(model.requests.at(-1)?.messages.at(-1))).toContain("imports from earlier ones are gone");
  });

  it("and is aborted before it is where it was leaves the conversation a fresh sandbox", async () => {
    const model = scriptedModel([write("pay"), write("y")]);
    await using chat = new CodeAgent({ model, executor, tools: [pay] }).conversation();
    const [state, options] = await suspended(chat);
    expect(await chat.resume(state, { ...options, signal: AbortSignal.abort() })).toMatchObject({ state: "aborted" });
    expect(await chat.run("another")).toMatchObject({ state: "success", output: "done" });
  });
});
