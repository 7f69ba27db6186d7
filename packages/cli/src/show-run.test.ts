import { Writable } from "node:stream";
import { CodeAgent, ConfigurationError, type Executor } from "@codelet/core";
import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "./environment.ts";
import { exitCodes } from "./exit-code.ts";
import { openScreen } from "./screen.ts";
import { showRun } from "./show-run.ts";
import { keptListeners, signalNames } from "./testing/signal-listeners.ts";

/** A stream that is lost with the first text that matches. */
function aStream(last?: RegExp): NodeJS.WriteStream & { readonly written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      const text = String(chunk);
      const error = last?.test(text) ? Object.assign(new Error("lost"), { code: "ENOSPC" }) : null;
      if (error === null) written.push(text);
      done(error);
    },
  });
  return Object.assign(stream, { written }) as never;
}

const anAgent = () =>
  new CodeAgent({ model: scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), executor: fakeExecutor((step) => step.finalAnswer(1)) });

describe("showRun", () => {
  it.each(["text", "json"] as const)("is a success where all of its %s was written", async (format) => {
    const stderr = aStream();
    expect(await showRun(anAgent(), "task", openScreen(aStream(), stderr, readEnvironment({})), format)).toBe(exitCodes.success);
    expect(stderr.written).toEqual([]);
  });

  it.each([
    ["json", /"type":"result"/],
    ["text", /1 step ·/],
  ] as const)("is none where the end of its %s was lost", async (format, last) => {
    const stderr = aStream();
    expect(await showRun(anAgent(), "task", openScreen(aStream(last), stderr, readEnvironment({})), format)).toBe(exitCodes.interrupted);
    await new Promise(setImmediate);
    expect(stderr.written).toEqual(["codelet: standard output can't be written (ENOSPC)\n"]);
  });

  it("tells what a sandbox does before it is there, in one line", async () => {
    const fake = fakeExecutor((step) => step.finalAnswer(1));
    const executor: Executor = {
      ...fake,
      open(options) {
        options?.onProgress?.("half\nof it");
        return fake.open(options);
      },
    };
    const agent = new CodeAgent({ model: scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), executor });
    const stderr = aStream();
    await showRun(agent, "task", openScreen(aStream(), stderr, readEnvironment({})), "text");
    expect(stderr.written).toEqual(["Sandbox: half of it\n"]);
  });

  it.each([
    ["text", []],
    ["json", ["wrong key\n"]],
  ] as const)("tells a failure in %s once on each stream that has not told it", async (format, told) => {
    const agent = new CodeAgent({ model: scriptedModel([new ConfigurationError("wrong key")]), executor: fakeExecutor(() => null) });
    const [stdout, stderr] = [aStream(), aStream()];
    expect(await showRun(agent, "task", openScreen(stdout, stderr, readEnvironment({})), format)).toBe(exitCodes.usage);
    expect(stderr.written).toEqual(told);
    if (format === "text") expect(stdout.written.join("").match(/wrong key/g)).toHaveLength(1);
    else expect(JSON.parse(stdout.written.at(-1) ?? "")).toMatchObject({ type: "result", state: "failed", error: { code: "configuration" } });
  });

  it("was interrupted where a signal came, also when the run fails of it", async () => {
    using _ = keptListeners();
    const executor: Executor = {
      ...fakeExecutor(() => null),
      open: () => {
        process.emit("SIGINT");
        return Promise.reject(new ConfigurationError("no sandbox"));
      },
    };
    const agent = new CodeAgent({ model: scriptedModel(["<code>\n1\n</code>"]), executor });
    const stderr = aStream();
    expect(await showRun(agent, "task", openScreen(aStream(), stderr, readEnvironment({})), "text")).toBe(exitCodes.interrupted);
    expect(stderr.written).toEqual(["Stopping… (once more to exit at once)\n"]);
  });

  it("shows each event once, and hears signals only as long as the run lasts", async () => {
    const heard = (): readonly number[] => signalNames.map((name) => process.listenerCount(name));
    const before = heard();
    const meanwhile: (readonly number[])[] = [];
    const executor = fakeExecutor((step) => {
      meanwhile.push(heard());
      return step.finalAnswer(1);
    });
    const agent = new CodeAgent({ model: scriptedModel(["<code>\nfinal_answer(1)\n</code>"]), executor });
    const stdout = aStream();
    await showRun(agent, "the only task", openScreen(stdout, aStream(), readEnvironment({})), "text");
    expect(stdout.written.join("").match(/the only task|final_answer\(1\)/g)).toEqual(["the only task", "final_answer(1)"]);
    expect(meanwhile).toEqual([before.map((count) => count + 1)]);
    expect(heard()).toEqual(before);
  });
});
