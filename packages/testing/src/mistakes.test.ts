import { type Executor, type Model, runCode, type Value } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { fakeExecutor } from "./fake-executor.ts";
import { faultyModel } from "./faulty-model.ts";
import { recordExecutor } from "./record-executor.ts";
import { recordModel } from "./record-model.ts";
import { replayExecutor } from "./replay-executor.ts";
import { replayModel } from "./replay-model.ts";
import { scriptedModel } from "./scripted-model.ts";

const model = scriptedModel([]);
const faulty = (fault: unknown): Model => faultyModel(model, [fault] as never);

describe("a mistake in a test", () => {
  it.each<readonly [string, () => unknown, string]>([
    ["a function to record", () => recordModel((async () => "") as never, () => {}), "`model` to be one, with `id` and `generate`"],
    ["a name to record", () => recordExecutor("wasm" as unknown as Executor, () => {}), "`executor` to be one, such as localExecutor()"],
    ["no way to write a cassette", () => recordModel(model, "a.jsonl" as never), "`sink` to be a function, got string"],
    ["a word for the order that isn't known", () => replayModel("", { match: "any" as never }), "`match`"],
    ["bytes to play", () => replayModel(new Uint8Array() as never), '`cassette` to be text, as of readFileSync(path, "utf8")'],
    ["bytes of a transcript", () => replayExecutor(new Uint8Array() as never), "`transcript` to be text"],
    ["an order that is misspelled", () => replayModel("", { mtch: "order" } as never), "`replayModel` to have only match, got `mtch`"],
    ["no options", () => scriptedModel([], null as never), "options of `scriptedModel` to be an object, got `null`"],
    ["an executor's option that is misspelled", () => fakeExecutor(() => null, { graceMS: 1 } as never), "to have only name, language"],
    ["a clock's option that is misspelled", () => new FakeClock({ start: 1 } as never), "`FakeClock` to have only startMs, sleeps"],
    ["no faults", () => faultyModel(model, undefined as never), "`faults` to be a list"],
    ["no model behind faults", () => faultyModel(undefined as never, []), "`model` to be one"],
    ["a fault that isn't known", () => faulty({ call: 1, type: "timeout" }), "`type` to be one of error, cut, hang, delay, got `timeout`"],
    ["a cut without a place", () => faulty({ call: 1, type: "cut" }), "`afterDeltas` to be a number >= 0, got `undefined`"],
    ["a cut before the start", () => faulty({ call: 1, type: "cut", afterDeltas: -1 }), "`afterDeltas` to be a number >= 0, got `-1`"],
    ["a delay as text", () => faulty({ call: 1, type: "delay", delayMs: "5" }), "`delayMs` to be a number >= 0, got `5` (string)"],
    ["a reply that is in no list", () => scriptedModel("hello" as never), "`replies` to be a list, got string"],
    ["a delay without a time", () => faulty({ call: 1, type: "delay", ms: 5 }), "`a fault` to have only call"],
  ])("is refused at once: %s", (_, mistake, message) => {
    expect(mistake).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }));
  });

  it.each<readonly [string, unknown, string]>([
    ["nothing", () => undefined, "but undefined (undefined)"],
    ["another library's response", { text: "hello" }, 'but {"text":"hello"}'],
    ["content that is no list", { content: "hello" }, 'but {"content":"hello"}'],
    ["a piece that is none", ["a", 5], 'but ["a",5]'],
  ])("is told of the reply that is none: %s", async (_, reply, message) => {
    const request = { messages: [] };
    await expect(scriptedModel([reply as never]).generate(request)).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining(message),
    });
  });

  it.each<readonly [string, (step: Parameters<Parameters<typeof fakeExecutor>[0]>[0]) => unknown, string]>([
    ["an answer that is not awaited", ({ finalAnswer }) => finalAnswer(Promise.resolve(1) as never), "await it"],
    ["a result with a promise in it", async () => ({ price: Promise.resolve(1) }), "await it"],
    ["a function as the result", () => () => 1, "A function can't cross"],
  ])("is the step's error where no sandbox could do it: %s", async (_, handler, message) => {
    const { error, finalAnswer } = await runCode(fakeExecutor(handler as never), "code");
    expect(error).toMatchObject({ name: "ValueError", message: expect.stringContaining(message) });
    expect(finalAnswer).toBeUndefined();
  });

  it("is the call's error where it gives no arguments", async () => {
    const executor = fakeExecutor(({ call, tools }) => call([...tools.keys()][0] ?? "", 5 as unknown as readonly Value[]));
    const session = await executor.open({ tools: [{ name: "add", description: "", inputSchema: {}, outputSchema: undefined }] });
    session.start("code");
    expect(await session.next()).toMatchObject({
      type: "done",
      execution: { error: { message: "Expected the arguments of `add` to be a list or an object, got 5" } },
    });
  });
});

describe("what stands around a model", () => {
  it("shows it the pictures that it sees without", async () => {
    const lines: string[] = [];
    const seeing = { ...model, seesImages: true };
    expect(recordModel(seeing, (line) => void lines.push(line)).seesImages).toBe(true);
    expect(faultyModel(seeing, []).seesImages).toBe(true);
    await Promise.resolve();
    expect(replayModel(lines.join("")).seesImages).toBe(true);
  });

  it("plays what a plain error was, as the kernel tells it", async () => {
    const lines: string[] = [];
    const failing = { id: "m", generate: () => Promise.reject(Object.assign(new Error("slow down"), { status: 429 })) };
    const request = { messages: [] };
    await recordModel(failing, (line) => void lines.push(line))
      .generate(request)
      .catch(() => {});
    const told = { code: "model-call", message: "The model m failed: Error: slow down", status: 429, retryable: true };
    await expect(replayModel(lines.join("")).generate(request)).rejects.toMatchObject(told);
  });
});
