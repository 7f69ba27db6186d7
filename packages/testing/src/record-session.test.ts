import { getEventListeners } from "node:events";
import type { ExecutorSession } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { type FakeExecutor, fakeExecutor } from "./fake-executor.ts";
import { recordSession } from "./record-session.ts";

interface Recorded {
  readonly session: ExecutorSession;
  readonly executor: FakeExecutor;
  /** The events so far, each as its type and what matters of it. */
  events(): readonly string[];
}

async function recorded(sink: (event: string) => unknown = () => {}): Promise<Recorded> {
  const executor = fakeExecutor(async ({ code, print, call, signal }) => {
    print("at once");
    if (code === "forever") return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await (code === "call" ? call("echo") : Promise.resolve());
    print("later");
    return null;
  });
  const events: string[] = [];
  const inner = await executor.open({ tools: [{ name: "echo", description: "echo", inputSchema: {} }] });
  const session = recordSession(inner, async (event) => {
    const what = event.type === "output" ? event.text.trim() : event.type === "interrupt" ? event.reason : "";
    events.push(`${event.type} ${what}`.trim());
    await sink(event.type);
  });
  return { session, executor, events: () => events };
}

describe("a recorded session", () => {
  it("writes down what a step says to who listens, at once and later", async () => {
    const { session, events } = await recorded();
    const heard: string[] = [];
    session.start("x", { onOutput: ({ text }) => heard.push(text) });
    await session.next();
    expect(events()).toEqual(["start", "output at once", "output later", "advance"]);
    expect(heard).toEqual(["at once\n", "later\n"]);
  });

  it("writes down what stops a step, by hand and by its signal, and nothing of either while there is none", async () => {
    const { session, events } = await recorded();
    const controller = new AbortController();
    session.interrupt("aborted");
    session.deliver([]);
    session.start("forever", { signal: controller.signal });
    controller.abort();
    await session.next();
    session.start("forever");
    session.interrupt("timeout");
    await session.next();
    session.interrupt("aborted");
    session.deliver([]);
    const stopped = events().filter((event) => !event.startsWith("output"));
    expect(stopped).toEqual(["start", "interrupt aborted", "advance", "start", "interrupt timeout", "advance"]);
  });

  it("tells who asks twice the same, and writes it once; and nothing of who asks without a step", async () => {
    const { session, events } = await recorded();
    await expect(session.next()).rejects.toMatchObject({ code: "configuration" });
    session.start("call");
    expect(await Promise.all([session.next(), session.next()])).toMatchObject([{ type: "calls" }, { type: "calls" }]);
    expect(events()).toEqual(["start", "advance"]);
  });

  it("ends with the session that it is of, once, whatever becomes of the last line", async () => {
    const { session, executor, events } = await recorded((type) => {
      if (type === "dispose") throw new Error("disk full");
    });
    const { signal } = new AbortController();
    session.start("forever", { signal });
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    expect([executor.openSessions, events().filter((event) => event === "dispose").length]).toEqual([0, 1]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("has nothing that its session hasn't", async () => {
    const { session } = await recorded();
    expect(Object.keys(session).sort()).toEqual(["bind", "deliver", "interrupt", "next", "start"]);
  });
});
