import { fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { abortable } from "./abort.ts";
import { CodeAgent } from "./code-agent.ts";
import { tool } from "./tool.ts";

const action = (code: string): string => `<code>\n${code}\n</code>`;

describe("aborting a run", () => {
  const executor = fakeExecutor(async ({ code, call, print, signal, finalAnswer }) => {
    print("began");
    if (code === "tool") await call("hang", []);
    if (code === "sleep") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return finalAnswer(1);
  });
  const seen: AbortSignal[] = [];
  const hang = tool({
    name: "hang",
    description: "Never ends.",
    input: z.object({}),
    execute: (_, { signal }) => {
      seen.push(signal);
      return new Promise(() => {});
    },
  });

  it.each(["tool", "sleep"])("reaches the %s, keeps what was done, and leaves no session open", async (code) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("stop it"), 30);
    const agent = new CodeAgent({ model: scriptedModel([action(code)]), executor, tools: [hang] });
    const result = await agent.run("task", { signal: controller.signal });
    expect(result).toMatchObject({ state: "aborted", reason: "stop it" });
    expect(result.steps[2]).toMatchObject({ type: "action", code });
    expect(executor.openSessions).toBe(0);
    if (code === "tool") expect(seen.at(-1)?.aborted).toBe(true);
  });

  it("reaches calls that a program has left behind, which are known to have been made", async () => {
    const leaving = fakeExecutor(async ({ call, finalAnswer }) => {
      call("hang", []).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      finalAnswer(1);
    });
    const result = await new CodeAgent({ model: scriptedModel([action("x")]), executor: leaving, tools: [hang] }).run("task");
    expect(result.state).toBe("success");
    expect(result.steps[2]).toMatchObject({ toolCalls: [{ tool: "hang", error: { name: "AbortError" } }] });
    expect(seen.at(-1)?.aborted).toBe(true);
  });

  it("reaches a model that never answers", async () => {
    const model = faultyModel(scriptedModel([]), [{ call: 1, type: "hang" }]);
    const result = await new CodeAgent({ model, executor }).run("task", { signal: AbortSignal.timeout(30) });
    expect(result.state).toBe("aborted");
  });

  it("reaches a model that ignores the signal", async () => {
    const result = await new CodeAgent({ model: () => new Promise(() => {}), executor }).run("task", { signal: AbortSignal.timeout(30) });
    expect(result.state).toBe("aborted");
  });

  it("ends the wait before a retry", async () => {
    const model = faultyModel(scriptedModel([]), [{ call: 1, type: "error", status: 429, retryAfterMs: 30_000 }]);
    const startedAt = performance.now();
    expect(await new CodeAgent({ model, executor }).run("task", { signal: AbortSignal.timeout(30) })).toMatchObject({ state: "aborted" });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("before the start runs nothing", async () => {
    const model = scriptedModel([action("x")]);
    expect(await new CodeAgent({ model, executor }).run("task", { signal: AbortSignal.abort("early") })).toMatchObject({
      state: "aborted",
      reason: "early",
    });
    expect(model.remaining).toBe(1);
  });

  it("at any event leaves one terminal event and a clean end", async () => {
    const tools = [tool({ name: "hang", description: "d", input: z.object({}), execute: () => 1 })];
    const fresh = (): CodeAgent => new CodeAgent({ model: scriptedModel([action("tool"), action("x")]), executor, tools });
    let total = 0;
    for await (const _ of fresh().start("task")) total++;
    for (let at = 1; at <= total; at++) {
      const controller = new AbortController();
      const run = fresh().start("task", { signal: controller.signal });
      const ends: string[] = [];
      for await (const event of run) {
        if (event.seq === at) controller.abort();
        if (event.type === "run-end") ends.push(event.state);
      }
      expect(ends).toHaveLength(1);
      expect((await run.result).state).toBe(ends[0]);
      expect(executor.openSessions).toBe(0);
    }
  });
});

describe("abortable", () => {
  it("gives the promise's outcome, or the signal's reason as soon as it is aborted", async () => {
    const controller = new AbortController();
    expect(await abortable(Promise.resolve(1), controller.signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error("x")), controller.signal)).rejects.toThrow("x");
    const hanging = abortable(new Promise(() => {}), controller.signal);
    controller.abort("why");
    await expect(hanging).rejects.toBe("why");
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toBe("why");
  });
});
