import { FakeClock, fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { errorOf, type Journal, type JournalFactory, memoryJournal } from "./journal.ts";
import { tool } from "./tool.ts";

const action = (code: string): string => `<code>\n${code}\n</code>`;
const executor = fakeExecutor(({ code, finalAnswer }) => (code === "end" ? finalAnswer(1) : null));
const suspended = new Error("suspended");

/** A journal that throws by itself at one key. */
function throwingAt(key: string, method: keyof Journal = "call"): JournalFactory {
  return (run) => {
    const journal = memoryJournal()(run);
    const at =
      (original: (...args: never[]) => unknown) =>
      (name: string, ...rest: never[]) =>
        name === key ? Promise.reject(suspended) : original.call(journal, name as never, ...rest);
    return { ...journal, [method]: at(journal[method] as never) };
  };
}

describe("what a journal itself throws", () => {
  it.each<readonly [string, keyof Journal]>([
    ["1/model", "call"],
    ["1/advance.0", "call"],
    ["last/model", "call"],
    ["1/start", "now"],
    ["end", "now"],
  ])("passes through at %s, with one terminal event", async (key, method) => {
    const model = scriptedModel([action("a"), "text"]);
    const run = new CodeAgent({ model, executor, maxSteps: 1, journal: throwingAt(key, method) }).start("task");
    const ends: string[] = [];
    for await (const event of run) if (event.type === "run-end") ends.push(event.state);
    expect(ends).toHaveLength(1);
    if (key !== "end") await expect(run.result).rejects.toBe(suspended);
  });
});

it.each<keyof Journal>(["call", "now", "pick", "waitFor"])(
  "shows no program what its journal's %s throws at once, without a promise",
  async (method) => {
    const shown: string[] = [];
    const catching = fakeExecutor(async ({ call, finalAnswer }) => {
      for (const name of ["ping", "pay"]) await call(name, []).catch((error: unknown) => shown.push(String(error)));
      finalAnswer("went on");
    });
    const named = (name: string, needsApproval: boolean) =>
      tool({ name, description: "Acts.", input: z.object({}), needsApproval, execute: () => "done" });
    const journal: JournalFactory = (run) => {
      const memory = memoryJournal()(run);
      const atOnce = (key: string, ...rest: never[]): unknown => {
        if (/^1\/(tool\..*\.p|pick|end)/.test(key)) throw suspended;
        return (memory[method] as (...args: never[]) => unknown)(key as never, ...rest);
      };
      return { ...memory, [method]: atOnce };
    };
    const agent = new CodeAgent({
      ...{ model: scriptedModel([action("a")]), executor: catching, journal, maxSteps: 1 },
      tools: [named("ping", false), named("pay", method === "waitFor")],
    });
    await expect(agent.run("task")).rejects.toBe(suspended);
    expect(shown.join()).not.toContain(suspended.message);
    expect(catching.openSessions).toBe(0);
  },
);

it("treats an outcome that was read back like a live one", async () => {
  const stored: JournalFactory = (run) => {
    const journal = memoryJournal()(run);
    return {
      ...journal,
      call: async (...args) => JSON.parse(JSON.stringify(await journal.call(...args), (key, value) => (key === "cause" ? undefined : value))),
    };
  };
  const model = faultyModel(scriptedModel([action("a"), action("end")]), [{ call: 1, type: "error", status: 503 }]);
  expect(await new CodeAgent({ model, executor, journal: stored, retry: { firstDelayMs: 1 } }).run("task")).toMatchObject({ state: "success" });
});

it("asks its clock for the time and for every wait", async () => {
  const clock = new FakeClock({ sleeps: "skip" });
  const model = faultyModel(scriptedModel([action("end")]), [{ call: 1, type: "error", status: 429, retryAfterMs: 30_000 }]);
  const result = await new CodeAgent({ model, executor, journal: memoryJournal({ clock }) }).run("task");
  expect(result).toMatchObject({ state: "success", durationMs: 30_000 });
});

it("gives keys that are stable paths, and arguments of constant size", async () => {
  const keys: string[] = [];
  const sizes: number[] = [];
  const journal: JournalFactory = (run) => {
    const memory = memoryJournal()(run);
    return {
      ...memory,
      call: (key, operation, args) => {
        keys.push(key);
        sizes.push(JSON.stringify(args).length);
        return memory.call(key, operation, args);
      },
    };
  };
  await new CodeAgent({ model: scriptedModel([action("a"), action("end")]), executor, journal }).run("task");
  expect(keys).toEqual(["1/model", "1/advance.0", "2/model", "2/advance.0", "usage"]);
  expect(Math.max(...sizes)).toBeLessThan(40);
});

it("has the run's identity from the caller, for journals and idempotency keys of another attempt", async () => {
  const runIds: string[] = [];
  const journal: JournalFactory = (run) => {
    runIds.push(run.runId);
    return memoryJournal()(run);
  };
  const keys: string[] = [];
  const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: (_, { idempotencyKey }) => keys.push(idempotencyKey) });
  const calling = fakeExecutor(async ({ call, finalAnswer }) => finalAnswer(await call("ping", [])));
  for (const _ of [1, 2]) {
    const agent = new CodeAgent({ model: scriptedModel([action("x")]), executor: calling, tools: [ping], journal });
    expect(await agent.run("task", { runId: "order-7" })).toMatchObject({ runId: "order-7", state: "success" });
  }
  expect(runIds).toEqual(["order-7", "order-7"]);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^order-7\/1\/tool\..*ping$/);
  await expect(new CodeAgent({ model: scriptedModel([]), executor }).run("task", { runId: "" })).rejects.toThrow("Expected `runId`");
});

it.each([
  ["model-call", { status: 429, retryable: false, retryAfterMs: null }, { status: 429, retryable: false, retryAfterMs: undefined }],
  ["model-call", undefined, { retryable: true, status: undefined }],
  ["executor-crashed", undefined, { name: "ExecutorCrashedError" }],
  ["protocol", undefined, { name: "ProtocolError" }],
  ["configuration", undefined, { name: "ConfigurationError" }],
] as const)("makes an error of code %s again from what a store keeps of it: %o", (code, details, expected) => {
  expect(errorOf({ name: "Error", message: "no", code, details })).toMatchObject({ code, message: "no", ...expected });
});
