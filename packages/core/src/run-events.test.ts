import { fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { type JournalFactory, memoryJournal, Suspension } from "./journal.ts";
import type { Run } from "./run.ts";

/** The model's text of one action; the fake executor's handler decides what its code does. */
import { action, agentOf, answering, eventsOf } from "./testing/code-agents.ts";
import { anything } from "./testing/tools.ts";
import { type ToolContext, tool } from "./tool.ts";

describe("events", () => {
  it("come in order, numbered, with one terminal event", async () => {
    const events = await eventsOf(agentOf([action("hi"), action("answer 1")]).start("task"));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "run-end", state: "success" });
    const types = events.filter(({ step }) => step === 1).map(({ type }) => type);
    expect(types).toEqual(["step-start", "model-delta", "model-end", "code", "output-delta", "execution", "step-end"]);
  });

  it("warn of an executor without isolation", async () => {
    const events = await eventsOf(agentOf([action("answer 1")]).start("task"));
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", message: expect.stringContaining("isolation level 0") }));
  });

  it("tell the beginning of each managed agent whose end they tell, also where the journal leaves the run there", async () => {
    const left: JournalFactory = (run) => {
      const inner = memoryJournal()(run);
      return { ...inner, child: (key) => ({ ...inner.child(key), now: () => Promise.reject(new Suspension("later")) }) };
    };
    const member = agentOf([], { name: "member", description: "Helps." });
    const executor = fakeExecutor(({ call }) => call("member", ["Help."]));
    const run = agentOf([action("go")], { executor, managedAgents: [member], journal: left }).start("task");
    const events = (await eventsOf(run)).filter(({ type, agentPath }) => agentPath.length === 2 && type !== "warning");
    expect(events).toMatchObject([
      { type: "agent-start" },
      { type: "agent-end", state: "suspended", durationMs: expect.toSatisfy((ms) => ms < 1_000) },
    ]);
  });

  it("stop the run when they are left early", async () => {
    const executor = fakeExecutor(answering);
    const run = agentOf([action("a"), action("b"), action("c")], { executor }).start("task");
    for await (const event of run) if (event.type === "code") break;
    expect(await run.result).toMatchObject({ state: "aborted" });
    expect(executor.openSessions).toBe(0);
  });

  it("stop the run at once when they are left while nothing happens", async () => {
    const executor = fakeExecutor(answering);
    const model = faultyModel(scriptedModel([]), [{ call: 1, type: "hang" }]);
    const run = agentOf([], { executor, model }).start("task");
    const events = run[Symbol.asyncIterator]();
    while ((await events.next()).value?.type !== "step-start");
    const pending = events.next();
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await run.result).toMatchObject({ state: "aborted" });
    expect(executor.openSessions).toBe(0);
  });

  it("end with a terminal event also when the run fails, and the result rejects only where it is read", async () => {
    const run = agentOf([Object.assign(new Error("no"), { status: 401 })]).start("task");
    expect((await eventsOf(run)).at(-1)).toMatchObject({ type: "run-end", state: "failed", error: { name: "ModelCallError", code: "model-call" } });
    await expect(run.result).rejects.toMatchObject({ code: "model-call", status: 401, run: { steps: [{ type: "system" }, { type: "task" }] } });
  });

  it("end with all that the result says of the ending", async () => {
    const run = agentOf([action("hi"), "about 4"], { maxSteps: 1 }).start("task");
    const [end] = (await eventsOf(run)).slice(-1);
    const { steps, startedAtMs, ...ending } = await run.result;
    expect(ending).toMatchObject({ state: "limit", limit: "steps", text: "about 4", output: "about 4", costUsd: 0 });
    expect(end).toMatchObject(ending);
  });

  it.each<readonly [string, unknown, object]>([
    ["an error", new RangeError("the tenant has no credit"), { name: "RangeError", message: "the tenant has no credit" }],
    ["a text", "the client is gone", { name: "Error", message: "the client is gone" }],
    ["nothing", undefined, { name: "AbortError" }],
  ])("end with why the run was stopped, by %s", async (_, reason, error) => {
    const run = agentOf([], { model: faultyModel(scriptedModel([]), [{ call: 1, type: "hang" }]) }).start("task");
    const read = eventsOf(run);
    await run.stop(reason);
    expect((await read).at(-1)).toMatchObject({ type: "run-end", state: "aborted", error });
  });

  it("tell of a failed call by which code it failed, and the sandbox only its name and words", async () => {
    const told: unknown[] = [];
    const executor = fakeExecutor(async ({ call, finalAnswer }) => {
      for (const name of ["fail", "pay"]) await call(name, []).catch((error) => told.push({ ...error, message: error.message }));
      finalAnswer(null);
    });
    const broken = tool({ name: "fail", description: "Breaks.", input: anything, execute: () => Promise.reject(new RangeError("out of luck")) });
    const pay = tool({ name: "pay", description: "Pays.", input: anything, execute: () => "paid" });
    const toolPolicy = ({ tool: name }: { readonly tool: string }) => (name === "pay" ? { deny: "too much" } : ("allow" as const));
    const events = await eventsOf(agentOf([action("go")], { executor, tools: [broken, pay], toolPolicy }).start("task"));
    const codes = events.flatMap((event) => (event.type === "tool-result" ? [event.error?.code] : []));
    expect(codes).toEqual(["tool-failed", "tool-denied"]);
    expect(JSON.stringify(told)).not.toContain("tool-denied");
  });

  it("end with a terminal event also when the run can't begin", async () => {
    const run = agentOf([]).start("task", { additionalArgs: { "not a name": 1 } });
    expect(await eventsOf(run)).toMatchObject([{ type: "run-end", state: "failed", error: { name: "TypeError" } }]);
    await expect(run.result).rejects.toThrow(/Python identifier/);
  });

  it("end with the terminal event also where a tool goes on telling", async () => {
    const told: ToolContext[] = [];
    const chat = tool({ name: "chat", description: "Talks.", input: anything, execute: (_, context) => void told.push(context) });
    const run = agentOf([action("call chat"), action("answer 1")], { tools: [chat] }).start("task");
    await run.result;
    told[0]?.emit("still here");
    const types = (await eventsOf(run)).map(({ type }) => type);
    expect([types.at(-1), types.includes("tool-data")]).toEqual(["run-end", false]);
  });

  it("can be read by one reader only", async () => {
    const run = agentOf([action("answer 1")]).start("task");
    await eventsOf(run);
    await expect(eventsOf(run)).rejects.toMatchObject({ code: "configuration" });
  });
});

describe("a slow reader", () => {
  const steps = 500;
  function delegate(): { readonly run: Run<unknown>; readonly model: ReturnType<typeof scriptedModel> } {
    const model = scriptedModel([...Array.from({ length: steps }, () => action("note")), action("answer 1")]);
    const member = agentOf([], { model, name: "member", description: "Helps.", maxSteps: steps + 1 });
    const executor = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("member", ["Help."])));
    return { run: agentOf([action("go")], { executor, managedAgents: [member] }).start("task"), model };
  }

  it("holds up the managed agents of a run too", async () => {
    const { run, model } = delegate();
    const events = run[Symbol.asyncIterator]();
    await events.next();
    for (let before = -1; before !== model.remaining; ) {
      before = model.remaining;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(model.remaining).toBeGreaterThan(steps / 2);
    while (!(await events.next()).done);
    expect(await run.result).toMatchObject({ state: "success", output: 1 });
  });

  it("holds up nothing within a step that was asked for", async () => {
    const { run } = delegate();
    const events = run[Symbol.asyncIterator]();
    expect(await run.step()).toMatchObject({ isFinal: true });
    await events.return?.();
  });
});

describe("stepping by hand", () => {
  it("takes one step at a time", async () => {
    const model = scriptedModel([action("a"), action("b"), action("answer 1")]);
    const run = agentOf([], { model }).start("task");
    expect(await run.step()).toMatchObject({ step: 1, code: "a" });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(model.remaining).toBe(2);
    expect(await run.step()).toMatchObject({ step: 2 });
    expect(await run.step()).toMatchObject({ step: 3, isFinal: true });
    expect(await run.step()).toBeUndefined();
    expect(await run.result).toMatchObject({ state: "success" });
  });

  it("gives each of several askers a step of its own", async () => {
    const run = agentOf([action("a"), action("answer 1")]).start("task");
    const [first, second] = await Promise.all([run.step(), run.step()]);
    expect([first?.step, second?.step]).toEqual([1, 2]);
  });

  it.each(["stop", "stopAfterStep"] as const)("can be ended by %s while it waits, and leaves no sandbox open", async (stop) => {
    const executor = fakeExecutor(answering);
    const run = agentOf([action("a"), action("b")], { executor }).start("task");
    await run.step();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(executor.openSessions).toBe(1);
    await run[stop]("enough");
    expect(executor.openSessions).toBe(0);
    expect(await run.result).toMatchObject({ state: "aborted", reason: "enough", steps: { length: 3 } });
  });

  it("is ended by stopAfterStep once the step that runs is there", async () => {
    const executor = fakeExecutor(answering);
    const run = agentOf([action("a"), action("b")], { executor }).start("task");
    let ended: Promise<void> | undefined;
    for await (const event of run) if (event.type === "code") ended = run.stopAfterStep("enough");
    await ended;
    expect(await run.result).toMatchObject({ state: "aborted", reason: "enough", steps: { length: 3 } });
  });

  it.each(["stop", "stopAfterStep"] as const)("resolves with %s also where the run has failed", async (stop) => {
    const run = agentOf([Object.assign(new Error("no"), { status: 401 })]).start("task");
    await eventsOf(run);
    await run[stop]();
    await expect(run.result).rejects.toMatchObject({ code: "model-call" });
  });

  it("is refused for a run that goes on by itself already", async () => {
    const run = agentOf([action("answer 1")]).start("task");
    await run.result;
    await expect(run.step()).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("right after `start`") });
  });
});
