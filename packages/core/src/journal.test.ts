import { FakeClock, fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { type Journal, type JournalFactory, memoryJournal } from "./journal.ts";

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
  expect(keys).toEqual(["1/model", "1/advance.0", "2/model", "2/advance.0"]);
  expect(Math.max(...sizes)).toBeLessThan(40);
});
