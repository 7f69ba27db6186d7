import { Writable } from "node:stream";
import { CodeAgent } from "@codelet/core";
import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "./environment.ts";
import { exitCodes } from "./exit-code.ts";
import { openScreen } from "./screen.ts";
import { showRun } from "./show-run.ts";

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

  it("shows each event once, and hears signals only as long as the run lasts", async () => {
    const heard = (): readonly number[] => ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => process.listenerCount(name));
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
