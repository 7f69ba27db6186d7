import { CodeAgent, type Executor, ExecutorCrashedError, type ExecutorSession, type Json, type ToolSignature, tool, type Value } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { describe, expect, it } from "vitest";
import { type FakeHandler, fakeExecutor } from "./fake-executor.ts";
import { recordExecutor } from "./record-executor.ts";
import { replayExecutor } from "./replay-executor.ts";
import { scriptedModel } from "./scripted-model.ts";
import { parseTranscript } from "./transcript.ts";

const echo: ToolSignature = { name: "echo", description: "echo", inputSchema: { type: "object", properties: { x: {} } } };

const handler: FakeHandler = async ({ code, call, print, finalAnswer, variables, signal }) => {
  if (code === "parallel") return Promise.all([call("echo", ["a"]), call("echo", ["b"])]);
  if (code === "twice") return [await call("echo", ["a"]), await call("echo", ["b"])];
  if (code === "forever") return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  if (code === "crash") throw new ExecutorCrashedError("gone");
  if (code === "answer") finalAnswer({ big: 2n ** 70n, bytes: new Uint8Array([1, 2]) });
  print(`ran ${code}`);
  return variables[code] ?? null;
};

function recording(executor: Executor = fakeExecutor(handler)): { readonly executor: Executor; readonly text: () => string } {
  const lines: string[] = [];
  return { executor: recordExecutor(executor, (line) => void lines.push(line)), text: () => lines.join("") };
}

/** Runs a step, and answers its calls by the function, in the order that it says. */
async function play(session: ExecutorSession, code: string, answer: (x: Value) => Value = (x) => x, inReverse = false): Promise<Json> {
  const shown: string[] = [];
  session.start(code, { onOutput: ({ text }) => shown.push(text) });
  for (;;) {
    const advance = await session.next();
    if (advance.type === "done") {
      const { durationMs, ...execution } = advance.execution;
      return { ...execution, shown } as unknown as Json;
    }
    const calls = inReverse ? advance.calls.toReversed() : advance.calls;
    for (const { id, args } of calls) session.deliver([{ id, value: answer(args[0] ?? null) }]);
  }
}

describe("a recording of an executor", () => {
  it("plays again without one: values, output, calls, answers, bindings", async () => {
    const { executor, text } = recording();
    const scenario = async (played: Executor): Promise<readonly Json[]> => {
      const session = await played.open({ tools: [echo], variables: { x: 1 } });
      const first = [await play(session, "x"), await play(session, "twice"), await play(session, "answer")];
      await session.bind({ variables: { y: [2n ** 60n, { z: 2.5 }] } });
      const second = [await play(session, "y"), await play(session, "parallel")];
      await session[Symbol.asyncDispose]();
      return [...first, ...second];
    };
    const seen = await scenario(executor);
    const replayed = replayExecutor(text());
    expect([replayed.name, replayed.language, replayed.capabilities, replayed.remaining]).toEqual([
      executor.name,
      executor.language,
      executor.capabilities,
      1,
    ]);
    expect(await scenario(replayed)).toEqual(seen);
    expect(replayed.remaining).toBe(0);
  });

  it("is lines of JSON that tell one session from the other", async () => {
    const { executor, text } = recording();
    const [a, b] = [await executor.open(), await executor.open({ seed: "s" })];
    await play(b, "x");
    await a[Symbol.asyncDispose]();
    const { executor: recorded, entries } = parseTranscript(text());
    expect(recorded.name).toBe("fake");
    expect(entries.map(({ session, type }) => `${session} ${type}`)).toEqual(["1 open", "2 open", "2 start", "2 output", "2 advance", "1 dispose"]);
    expect(entries[1]).toMatchObject({ options: { seed: "s" } });
  });

  it("answers whoever opens with equal options, in any order", async () => {
    const { executor, text } = recording();
    for (const x of [1, 2]) await play(await executor.open({ variables: { x } }), "x");
    const replayed = replayExecutor(text());
    for (const x of [2, 1]) expect(await play(await replayed.open({ variables: { x } }), "x")).toMatchObject({ value: x });
  });

  it("waits for the answers that were there before, whatever their order", async () => {
    const { executor, text } = recording();
    await play(await executor.open({ tools: [echo] }), "parallel");
    const session = await replayExecutor(text()).open({ tools: [echo] });
    expect(await play(session, "parallel", undefined, true)).toMatchObject({ value: ["a", "b"] });
  });

  it("replays a whole run of an agent", async () => {
    const double = tool({
      name: "echo",
      description: "Gives it back.",
      input: jsonSchema<{ x: string }>({ type: "object", properties: { x: { type: "string" } }, required: ["x"] }),
      output: jsonSchema<string>({ type: "string" }),
      execute: ({ x }) => x,
    });
    const run = (played: Executor) =>
      new CodeAgent({
        model: scriptedModel(["Thought: a\n<code>\ntwice\n</code>", "Thought: b\n<code>\nanswer\n</code>"]),
        executor: played,
        tools: [double],
      }).run("task");
    const { executor, text } = recording(fakeExecutor((step) => handler({ ...step, code: step.code.trim() })));
    const first = await run(executor);
    const again = await run(replayExecutor(text()));
    expect(first.state).toBe("success");
    expect(again).toMatchObject({ state: "success", output: (first as { output: unknown }).output });
  });

  it("replays interrupts by hand and by signal, and a crash", async () => {
    const { executor, text } = recording();
    const scenario = async (played: Executor): Promise<readonly unknown[]> => {
      const session = await played.open();
      session.start("forever");
      const first = session.next();
      session.interrupt("timeout");
      const ends = [await first];
      session.start("forever", { signal: AbortSignal.timeout(5) });
      ends.push(await session.next());
      session.start("crash");
      const crash = await session.next().catch((error: unknown) => error);
      return [...ends.map((end) => end.type === "done" && end.execution.error?.name), (crash as { code: string }).code];
    };
    expect(await scenario(executor)).toEqual(["TimeoutError", "AbortError", "executor-crashed"]);
    expect(await scenario(replayExecutor(text()))).toEqual(["TimeoutError", "AbortError", "executor-crashed"]);
  });

  it("keeps the refusals of openings and bindings", async () => {
    const { executor, text } = recording();
    const restore = { executor: "fake", data: "a secret" };
    const scenario = async (played: Executor): Promise<readonly unknown[]> => [
      await played.open({ restore }).catch((error: unknown) => (error as { code: string }).code),
      await (await played.open()).bind({ variables: { x: 1 } }),
    ];
    expect(await scenario(executor)).toEqual(["configuration", undefined]);
    expect(text()).not.toContain("a secret");
    expect(await scenario(replayExecutor(text()))).toEqual(["configuration", undefined]);
  });
});

describe("a replay", () => {
  async function replayed(): Promise<ExecutorSession> {
    const { executor, text } = recording();
    const session = await executor.open({ tools: [echo] });
    await play(session, "twice");
    await session.bind({ variables: { y: 1n } });
    return replayExecutor(text()).open({ tools: [echo] });
  }

  const refusal = (message: string | RegExp) => expect.objectContaining({ code: "configuration", message: expect.stringMatching(message) });

  it("fails on another opening, and on one too many", async () => {
    const { executor, text } = recording();
    await executor.open({ tools: [echo] });
    const played = replayExecutor(text());
    await expect(played.open()).rejects.toEqual(refusal("no session that was opened with these"));
    await played.open({ tools: [echo] });
    await expect(played.open({ tools: [echo] })).rejects.toEqual(refusal("All 1 sessions"));
  });

  it("fails on another code, another answer, another binding and an interrupt, and says what it expected", async () => {
    const session = await replayed();
    expect(() => session.start("once")).toThrow(refusal(/"twice".*"once"/));
    const other = await replayed();
    await expect(play(other, "twice", () => "z")).rejects.toEqual(refusal(/"a".*"z"/));
    const bound = await replayed();
    await play(bound, "twice");
    await expect(bound.bind({ variables: { y: 2n } })).rejects.toEqual(refusal("another binding"));
    const interrupted = await replayed();
    interrupted.start("twice");
    interrupted.interrupt("aborted");
    await expect(interrupted.next()).rejects.toEqual(refusal("no interrupt"));
  });

  it("fails on a step beyond the end", async () => {
    const session = await replayed();
    await play(session, "twice");
    await session.bind({ variables: { y: 1n } });
    expect(() => session.start("more")).toThrow(refusal("goes on with nothing"));
  });

  it("keeps the rules of a session", async () => {
    const session = await replayed();
    await expect(session.next()).rejects.toEqual(refusal("No step"));
    session.start("twice");
    expect(() => session.start("twice")).toThrow(refusal("A step is running"));
    await session.next();
    const pending = session.next();
    await Promise.all([session[Symbol.asyncDispose](), expect(pending).rejects.toMatchObject({ code: "aborted" })]);
    expect(() => session.start("twice")).toThrow(refusal("disposed"));
    await expect(session.next()).rejects.toEqual(refusal("disposed"));
  });

  it("tells who asks twice before there is an answer the same", async () => {
    const session = await replayed();
    session.start("twice");
    const first = await session.next();
    const [one, other] = [session.next(), session.next()];
    if (first.type === "calls") session.deliver(first.calls.map(({ id }) => ({ id, value: "a" })));
    expect(await one).toMatchObject({ type: "calls", calls: [{ args: ["b"] }] });
    expect(await other).toEqual(await one);
  });

  it("names the line of a damaged transcript", () => {
    expect(() => replayExecutor("")).toThrow(refusal("Line 1"));
    expect(() => replayExecutor('{"cassette":1}')).toThrow(refusal("doesn't begin"));
    const header = `{"transcript":1,"executor":{"name":"fake"}}\n`;
    expect(() => replayExecutor(`${header}{"session":1}`)).toThrow(refusal("Line 2"));
    expect(() => replayExecutor(header + header)).toThrow(refusal("another recording"));
    for (const line of ['{"type":"dispose"}', "[]", "null", "5"]) expect(() => replayExecutor(`${header} \n${line}`)).toThrow(refusal("Line 3"));
    for (const executor of ["null", '"fake"', "undefined"])
      expect(() => replayExecutor(`{"transcript":1,"executor":${executor}}`)).toThrow(refusal("doesn't begin|Line 1"));
    expect(() => replayExecutor('{"transcript":2,"executor":{}}')).toThrow(refusal("doesn't begin"));
  });
});

describe("a recording executor", () => {
  it("hands on nothing before it is written, and what the sink throws", async () => {
    const order: string[] = [];
    const slow = recordExecutor(fakeExecutor(handler), async (line) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push(line.includes('"advance"') ? "written" : "line");
    });
    const session = await slow.open();
    session.start("x");
    await session.next();
    order.push("handed on");
    expect(order.slice(-2)).toEqual(["written", "handed on"]);

    const inner = fakeExecutor(handler);
    const full = recordExecutor(inner, () => {
      throw new Error("disk full");
    });
    await expect(full.open()).rejects.toThrow("disk full");
    expect(inner.openSessions).toBe(0);
  });

  it("lets the executor refuse what can't be written, and notes that it was there", async () => {
    const { executor, text } = recording();
    const session = await executor.open();
    const loop: unknown[] = [];
    loop.push(loop);
    await session.bind({ variables: { loop: loop as never } });
    expect(parseTranscript(text()).entries.at(-1)).toMatchObject({ type: "unrecorded", what: "bind" });
    const again = await replayExecutor(text()).open();
    await expect(again.bind({})).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("contains itself") });
  });

  it("refuses a sink that is none", () => {
    expect(() => recordExecutor(fakeExecutor(handler), undefined as never)).toThrow("Expected `sink`");
  });
});
