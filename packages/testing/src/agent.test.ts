import { CodeAgent, memoryJournal, type Tool, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { fakeExecutor } from "./fake-executor.ts";
import { faultyModel } from "./faulty-model.ts";
import { recordModel } from "./record-model.ts";
import { replayModel } from "./replay-model.ts";
import { scriptedModel } from "./scripted-model.ts";

const double: Tool<{ n: number }, number> = tool({
  name: "double",
  description: "Doubles a number.",
  input: jsonSchema<{ n: number }>({ type: "object", properties: { n: { type: "number" } }, required: ["n"] }),
  output: jsonSchema<number>({ type: "number" }),
  execute: ({ n }) => n * 2,
});

/** Plays `double n` and `answer n`. */
const executor = fakeExecutor(async ({ code, call, print, finalAnswer }) => {
  const [verb, n] = code.trim().split(" ");
  if (verb === "answer") finalAnswer(Number(n));
  print(String(await call("double", { n: Number(n) })));
});

const program = (text: string): string => `I do it.\n<code>\n${text}\n</code>`;

it("the real agent runs a script on a fake executor, with real tools", async () => {
  const model = scriptedModel([program("double 21"), ({ messages }) => program(`answer ${/42/.test(JSON.stringify(messages)) ? 42 : 0}`)]);
  const result = await new CodeAgent({ model, executor, tools: [double] }).run("Double 21.");
  expect(result).toMatchObject({ state: "success", output: 42 });
  expect(model.remaining).toBe(0);
  expect(executor.openSessions).toBe(0);
});

it("a recorded run plays again, request by request", async () => {
  const lines: string[] = [];
  const model = recordModel(scriptedModel([program("double 4"), program("answer 8")]), (line) => void lines.push(line));
  const first = await new CodeAgent({ model, executor, tools: [double] }).run("Double 4.");
  const replay = replayModel(lines.join(""));
  const second = await new CodeAgent({ model: replay, executor, tools: [double] }).run("Double 4.");
  expect([first, second]).toMatchObject([{ output: 8 }, { output: 8 }]);
  expect(replay.remaining).toBe(0);
});

it("a run survives planned faults, on a clock that skips the waiting", async () => {
  const clock = new FakeClock({ sleeps: "skip" });
  const model = faultyModel(scriptedModel([[program("answer 1")], program("answer 1")]), [
    { call: 1, type: "error", status: 503 },
    { call: 2, type: "cut", afterDeltas: 1 },
    { call: 3, type: "error", status: 429, retryAfterMs: 30_000 },
  ]);
  const result = await new CodeAgent({ model, executor, journal: memoryJournal({ clock }) }).run("Answer.");
  expect(result).toMatchObject({ state: "success", output: 1 });
  expect(clock.now()).toBeGreaterThan(30_000);
});
