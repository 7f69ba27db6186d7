import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { ConfigurationError, ExecutorCrashedError } from "./errors.ts";
import type { AgentEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import { noUsage } from "./model.ts";
import { type LiveProgram, liveSandboxes } from "./testing/live-sandboxes.ts";
import { type Store, standstill, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import type { Value } from "./value.ts";

async function program({ code, variables, call }: LiveProgram): Promise<Value> {
  variables.x = Number(variables.x ?? 0) + 1;
  if (code === "pay") variables.paid = await call("pay", []);
  if (code === "ask") variables.paid = await call("payer", ["Pay."]);
  if (code === "both") variables.paid = await Promise.all([call("payer", ["Pay."]), call("pay", [])]);
  return code === "end" ? ["final", [variables.x, variables.paid ?? null]] : null;
}

const answering = (codes: readonly string[]) => ({
  id: "stateless",
  generate: async ({ messages }: { readonly messages: readonly { readonly role: string }[] }) => {
    const code = codes[messages.filter(({ role }) => role === "assistant").length] ?? "end";
    return { content: [{ type: "text" as const, text: `<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" as const };
  },
});

const failures: readonly (readonly [string, Error])[] = [
  ["the provider can't be reached", new ExecutorCrashedError("No answer.")],
  ["the key is refused", new ConfigurationError("The key is refused.")],
  ["the SDK throws something else", new TypeError("fetch failed")],
];

/** Live sandboxes, and whether those of before can be found at the moment. */
function world() {
  const live = liveSandboxes(program);
  const state: { failure?: Error | undefined; isMemberOnly?: boolean } = {};
  const open: Executor["open"] = (options = {}) => {
    const isAway = options.restore !== undefined && !(state.isMemberOnly && options.restore.data === "box-0");
    return isAway && state.failure !== undefined ? Promise.reject(state.failure) : live.executor.open(options);
  };
  const paid: string[] = [];
  const pay = tool({
    ...{ name: "pay", description: "Pays.", input: z.object({}), output: z.int(), needsApproval: true },
    execute: async (_, { idempotencyKey }) => {
      paid.push(idempotencyKey);
      return 1;
    },
  });
  const executor: Executor = { ...live.executor, open };
  const payer = new CodeAgent({ name: "payer", description: "Pays.", model: answering(["set", "pay"]), executor, tools: [pay] as never });
  const shapes = {
    "an agent": { model: answering(["set", "pay", "end"]), executor, tools: [pay] as never },
    "a team": { model: answering(["set", "ask", "end"]), executor, managedAgents: [payer] },
    "a team that waits for two": { model: answering(["both", "end"]), executor, tools: [pay] as never, managedAgents: [payer] },
  };
  return { ...live, state, paid, shapes };
}

const away = (failure: Error) => ({
  code: "executor-crashed",
  details: { retryable: true },
  cause: failure,
  message: expect.stringContaining(failure.message),
  run: { steps: expect.anything() },
});

describe.each(["an agent", "a team"] as const)("%s whose sandbox can't be had for now", (shape) => {
  const answer = shape === "a team" ? [3, [3, 1]] : [3, 1];

  it.each(failures)("is left suspended, and goes on in it later, where %s", async (_, failure) => {
    const { state, paid, sandboxes, shapes } = world();
    const agent = new CodeAgent(shapes[shape]);
    const suspended = await agent.run("task");
    if (suspended.state !== "suspended") throw new Error(suspended.state);
    const stored = JSON.stringify(suspended.resumeState);
    const decisions = Object.fromEntries(suspended.pending.map(({ id }) => [id, true]));
    state.failure = failure;
    const run = agent.startResumed(JSON.parse(stored), { decisions });
    const events: AgentEvent[] = [];
    for await (const event of run) events.push(event);
    await expect(run.result).rejects.toMatchObject(away(failure));
    expect(events.at(-1)).toMatchObject({ type: "run-end", state: "suspended", error: { code: "executor-crashed" } });
    expect([paid, sandboxes.map(({ isEnded }) => isEnded)]).toEqual([[], sandboxes.map(() => false)]);
    state.failure = undefined;
    expect(await agent.resume(JSON.parse(stored), { decisions })).toMatchObject({ state: "success", output: answer });
    expect([paid.length, sandboxes.every(({ isEnded, started }) => isEnded && started.length <= 3)]).toEqual([1, true]);
  });

  it.each(failures)("ends nothing in its journal, and goes on in it later, where %s", async (_, failure) => {
    const { state, paid, sandboxes, shapes } = world();
    const approve = () => true;
    const begin = (store: Store, stopAt?: number) =>
      new CodeAgent({ ...shapes[shape], journal: storedJournal(store, stopAt) }).run("task", { runId: "r", approve });
    const whole: Store = new Map();
    await begin(whole);
    let left = 0;
    for (let stopAt = [...whole.keys()].indexOf("1/start") + 1; stopAt < whole.size; stopAt++) {
      const store: Store = new Map();
      const first = sandboxes.length;
      void begin(store, stopAt);
      await standstill(store, paid);
      state.failure = failure;
      const outcome = await begin(store).catch((error: unknown) => error);
      state.failure = undefined;
      const key = [...store.keys()].at(-1) as string;
      const isLeft = outcome instanceof Error;
      expect(outcome, key).toMatchObject(isLeft ? away(failure) : { output: answer });
      expect(store.has("end"), key).toBe(!isLeft);
      left += Number(isLeft);
      expect(await begin(store), key).toMatchObject({ state: "success", output: answer });
      expect(JSON.stringify([...store.values()]), key).not.toMatch(/ProgramNotResumed|SandboxCrashed/);
      expect(
        sandboxes.slice(first).every(({ started }) => new Set(started).size === started.length),
        key,
      ).toBe(true);
    }
    expect(left).toBeGreaterThan(whole.size / 3);
  });
});

it("is left also where another call still waits for its decision", async () => {
  const { state, paid, sandboxes, shapes } = world();
  const agent = new CodeAgent(shapes["a team that waits for two"]);
  const suspended = await agent.run("task");
  if (suspended.state !== "suspended") throw new Error(suspended.state);
  const ids = suspended.pending.map(({ id }) => id);
  const ofMember = Object.fromEntries(ids.filter((id) => id.includes(".payer/")).map((id) => [id, true]));
  Object.assign(state, { failure: new ExecutorCrashedError("No answer."), isMemberOnly: true });
  await expect(agent.resume(suspended.resumeState, { decisions: ofMember })).rejects.toMatchObject({ details: { retryable: true } });
  state.failure = undefined;
  expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([false, false]);
  const result = await agent.resume(suspended.resumeState, { decisions: Object.fromEntries(ids.map((id) => [id, true])) });
  expect([result, paid.length]).toMatchObject([{ state: "success" }, 2]);
});

it("stays suspended in its conversation, which goes on with it later, or is told what is gone", async () => {
  for (const isResumed of [true, false]) {
    const { state, paid, sandboxes, shapes } = world();
    const chat = new CodeAgent(shapes["an agent"]).conversation();
    const suspended = await chat.run("task");
    if (suspended.state !== "suspended") throw new Error(suspended.state);
    const decisions = Object.fromEntries(suspended.pending.map(({ id }) => [id, true]));
    state.failure = new ExecutorCrashedError("No answer.");
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(chat.resume(suspended.resumeState, { decisions })).rejects.toMatchObject({ details: { retryable: true } });
    state.failure = undefined;
    expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([false]);
    if (isResumed) {
      expect(await chat.resume(suspended.resumeState, { decisions })).toMatchObject({ output: [3, 1] });
      expect(paid.length).toBe(1);
    } else {
      await chat.run("other").catch(() => {});
      expect(JSON.stringify(chat.memory.steps)).toContain("are gone");
    }
    await chat[Symbol.asyncDispose]();
  }
});
