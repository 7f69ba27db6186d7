import { getEventListeners } from "node:events";
import { buffer } from "node:stream/consumers";
import { type Executor, ExecutorCrashedError, type ExecutorSession, type SandboxCall, type ToolSignature, ValueError } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { type FakeHandler, fakeExecutor } from "./fake-executor.ts";
import { recordExecutor } from "./record-executor.ts";
import { replayExecutor } from "./replay-executor.ts";
import { parseTranscript } from "./transcript.ts";

const echo: ToolSignature = { name: "echo", description: "echo", inputSchema: { type: "object", properties: { x: {} } } };

const handler: FakeHandler = async ({ code, call, print, signal }) => {
  if (code === "both") return Promise.all([call("echo", ["a"]), call("echo", ["b"])]);
  if (code === "hurry") return Promise.race([call("echo", ["a"]), call("echo", ["b"])]);
  if (code === "crash") throw new ExecutorCrashedError("gone");
  if (code === "forever") return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  print(code);
  return code;
};

/** A fake executor whose sessions can do all that those of a machine can. */
function machine(): Executor {
  const inner = fakeExecutor(handler);
  return {
    ...inner,
    capabilities: { ...inner.capabilities, fileTransfer: true, recovery: { pinned: true, snapshot: "step", replay: false } },
    async open({ restore, ...options } = {}) {
      const session = await inner.open(options);
      const files = new Map<string, Uint8Array>();
      const reference = { executor: "fake", data: "a secret" };
      const more: Partial<ExecutorSession> = {
        async putFile(path, content) {
          if (path.startsWith("/")) throw new ValueError("outside");
          files.set(path, content instanceof Uint8Array ? content : await buffer(content));
        },
        async *getFile(path) {
          const content = files.get(path);
          if (content === undefined) throw new ValueError("missing");
          for (const byte of content) yield Uint8Array.of(byte);
        },
        snapshot: async () => reference,
        async detach() {
          await session[Symbol.asyncDispose]();
          return reference;
        },
        resume: (given) => session.start("left", given),
        reference,
        ...(restore !== undefined && { lastKey: "7" }),
      };
      return Object.assign(session, more);
    },
  };
}

/** What a scenario sees of an executor, and of the recording of it. */
async function both<Seen>(
  scenario: (executor: Executor) => Promise<Seen>,
  executor = machine(),
): Promise<{ readonly recorded: Seen; readonly replayed: Seen; readonly text: string }> {
  const lines: string[] = [];
  const recorded = await scenario(recordExecutor(executor, (line) => void lines.push(line)));
  const text = lines.join("");
  return { recorded, replayed: await scenario(replayExecutor(text)), text };
}

/** A replay of what was done to one session. */
async function replayOf(act: (session: ExecutorSession) => Promise<unknown>, executor = machine()): Promise<ExecutorSession> {
  const lines: string[] = [];
  await act(await recordExecutor(executor, (line) => void lines.push(line)).open({ tools: [echo] }));
  return replayExecutor(lines.join("")).open({ tools: [echo] });
}

const callsOf = async (session: ExecutorSession): Promise<readonly SandboxCall[]> => {
  const advance = await session.next();
  return advance.type === "calls" ? advance.calls : [];
};
const endOf = async (session: ExecutorSession): Promise<unknown> => {
  const advance = await session.next();
  return advance.type === "done" && advance.execution.value;
};
const isPending = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => false), new Promise<boolean>((resolve) => setImmediate(resolve, true))]);
const read = (session: ExecutorSession, path: string): Promise<unknown> =>
  buffer(session.getFile?.(path) ?? inChunks()).catch((error: Error) => error.message);
const put = (session: ExecutorSession, path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<unknown> =>
  Promise.resolve(session.putFile?.(path, content)).catch((error: Error) => error.message);
async function* inChunks(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}
const refusal = (message: string) => expect.objectContaining({ code: "configuration", message: expect.stringContaining(message) });

describe("a replayed session", () => {
  it("gives and takes files as the recorded one did", async () => {
    const { recorded, replayed, text } = await both(async (executor) => {
      const session = await executor.open();
      const puts = [
        await put(session, "a", Buffer.from("text")),
        await put(session, "b", inChunks("te", "xt")),
        await put(session, "/c", Buffer.from("x")),
      ];
      const reads = [await read(session, "a"), await read(session, "b"), await read(session, "c")];
      for await (const chunk of session.getFile?.("a") ?? []) if (chunk[0] === 101) break;
      session.start("after");
      return [puts, reads, await endOf(session)];
    });
    const bytes = Buffer.from("text");
    expect(recorded).toEqual([[undefined, undefined, "outside"], [bytes, bytes, "missing"], "after"]);
    expect(replayed).toEqual(recorded);
    expect(parseTranscript(text).entries).toMatchObject(expect.arrayContaining([expect.objectContaining({ type: "put-file", path: "b", bytes: 4 })]));
  });

  it("refuses another file, and other bytes", async () => {
    const act = (session: ExecutorSession): Promise<unknown> => put(session, "a", Buffer.from("text")).then(() => read(session, "a"));
    const other = await replayOf(act);
    await expect(other.putFile?.("b", Buffer.from("text"))).rejects.toEqual(refusal("the file a"));
    const longer = await replayOf(act);
    await expect(longer.putFile?.("a", inChunks("te", "xts"))).rejects.toEqual(refusal("4 bytes of a"));
    const unread = await replayOf(act);
    await put(unread, "a", Buffer.from("text"));
    expect(await read(unread, "b")).toContain("the file a");
  });

  it("is saved, left and found again as the recorded one was, with no way to its sandbox", async () => {
    const { recorded, replayed, text } = await both(async (executor) => {
      const session = await executor.open();
      const saved = await session.snapshot?.();
      session.start("first");
      const first = await endOf(session);
      session.start("forever");
      const left = await session.detach?.();
      const over = await session.bind({}).catch((error: Error) => error.message);
      const found = await executor.open({ restore: session.reference });
      const shown: string[] = [];
      found.resume?.({ onOutput: ({ text }) => shown.push(text) });
      const end = await endOf(found);
      return [[saved, left, session.reference].map((reference) => reference?.executor), first, over, session.lastKey, found.lastKey, shown, end];
    });
    expect(recorded).toEqual([["fake", "fake", "fake"], "first", "The session is disposed of.", undefined, "7", ["left\n"], "left"]);
    expect(replayed).toEqual(recorded);
    expect(text).not.toContain("secret");
    const kept = await replayOf(async () => {});
    await expect(kept.detach?.()).rejects.toEqual(refusal("no detaching"));
    await expect(kept.snapshot?.()).rejects.toEqual(refusal("disposed"));
  });

  it("fails where the recorded one failed", async () => {
    const executor = machine();
    const failing: Executor = {
      ...executor,
      open: async (options) => {
        const fail = (): Promise<never> => Promise.reject(new ValueError("full"));
        return Object.assign(await executor.open(options), { bind: fail, snapshot: fail, detach: fail });
      },
    };
    const { recorded, replayed } = await both(async (played) => {
      const session = await played.open();
      const failures = [() => session.bind({ variables: { x: 1 } }), () => session.snapshot?.(), () => session.detach?.()];
      const seen: unknown[] = [];
      for (const failure of failures)
        seen.push(await failure()?.catch((error: { readonly code: string; readonly message: string }) => [error.code, error.message]));
      return seen;
    }, failing);
    expect(recorded).toEqual(Array(3).fill(["value", "full"]));
    expect(replayed).toEqual(recorded);
  });

  it("has nothing that the recorded one didn't have", async () => {
    const session = await replayOf(async () => {}, fakeExecutor(handler));
    const { snapshot, detach, resume, reference, lastKey, putFile, getFile } = session;
    for (const extra of [snapshot, detach, resume, reference, lastKey, putFile, getFile]) expect(extra).toBeUndefined();
  });

  it("does between two steps only what belongs there", async () => {
    const session = await replayOf(async (recorded) => {
      recorded.start("both");
      await recorded.next();
    });
    session.start("both");
    const running = refusal("A step is running");
    expect(() => session.resume?.()).toThrow(running);
    await expect(session.bind({})).rejects.toEqual(running);
    await expect(session.snapshot?.()).rejects.toEqual(running);
    await expect(session.putFile?.("a", new Uint8Array())).rejects.toEqual(running);
    expect(await read(session, "a")).toContain("A step is running");
    await session.next();
    await expect(session.next()).rejects.toEqual(refusal("goes on with nothing"));
  });
});

describe("answers and interrupts of a replayed step", () => {
  it("are waited for: a step that was stopped ends when it is stopped again", async () => {
    const session = await replayOf(async (recorded) => {
      recorded.start("forever");
      recorded.interrupt("aborted");
      await recorded.next();
    });
    session.start("forever");
    const end = endOf(session);
    expect(await isPending(end)).toBe(true);
    session.interrupt("aborted");
    expect(await end).toBe(null);
  });

  it("have to be there before it goes on, all that came at once", async () => {
    const session = await replayOf(async (recorded) => {
      recorded.start("both");
      recorded.deliver((await callsOf(recorded)).map(({ id }) => ({ id, value: id })));
      await recorded.next();
    });
    session.start("both");
    const calls = await callsOf(session);
    const [first, second] = calls.map(({ id }) => ({ id, value: id }));
    if (first === undefined || second === undefined) throw new Error("It makes two calls.");
    const end = endOf(session);
    session.deliver([first]);
    expect(await isPending(end)).toBe(true);
    session.deliver([second]);
    expect(await end).toEqual(calls.map(({ id }) => id));
  });

  it("are passed over where the recorded step had ended, and refused after the session", async () => {
    const session = await replayOf(async (recorded) => {
      recorded.start("hurry");
      const [first] = await callsOf(recorded);
      recorded.deliver([{ id: first?.id ?? "", value: "a" }]);
      await recorded.next();
      recorded.start("after");
      await recorded.next();
    });
    session.start("hurry");
    const [first, second] = await callsOf(session);
    session.deliver([{ id: second?.id ?? "", value: "never recorded" }]);
    session.deliver([{ id: first?.id ?? "", value: "a" }]);
    expect(await endOf(session)).toBe("a");
    session.deliver([{ id: second?.id ?? "", value: "too late" }]);
    session.interrupt("aborted");
    session.start("after");
    expect(await endOf(session)).toBe("after");
    await session[Symbol.asyncDispose]();
    expect(() => session.deliver([])).toThrow(refusal("disposed"));
  });

  it("are passed over where the recorded step had failed", async () => {
    const { recorded, replayed } = await both(async (executor) => {
      const session = await executor.open({ tools: [echo] });
      const failures: unknown[] = [];
      for (const code of ["crash", "after"]) {
        session.start(code);
        failures.push(await session.next().catch((error: { readonly code: string }) => error.code));
        session.interrupt("aborted");
        session.deliver([{ id: "1.1", value: 1 }]);
      }
      return failures;
    });
    expect(recorded).toEqual(["executor-crashed", "executor-crashed"]);
    expect(replayed).toEqual(recorded);
  });

  it("are those of their own step, not of a later one", async () => {
    const session = await replayOf(async (recorded) => {
      recorded.start("first");
      await recorded.next();
      recorded.start("forever");
      recorded.interrupt("aborted");
      await recorded.next();
    });
    const { signal } = new AbortController();
    session.start("first", { signal });
    session.interrupt("aborted");
    await expect(session.next()).rejects.toEqual(refusal("no interrupt of this step"));
    await session[Symbol.asyncDispose]();
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await expect(session.detach?.()).rejects.toEqual(refusal("disposed"));
  });

  it("come from the signal of the step that runs, and from no other", async () => {
    const { recorded, replayed } = await both(async (executor) => {
      const session = await executor.open();
      const [first, last] = [new AbortController(), new AbortController()];
      session.start("one", { signal: first.signal });
      const seen = [await endOf(session)];
      session.start("two");
      first.abort();
      seen.push(await endOf(session));
      session.start("forever", { signal: last.signal });
      const end = session.next();
      session.interrupt("timeout");
      session.interrupt("timeout");
      const advance = await end;
      await session[Symbol.asyncDispose]();
      last.abort();
      return [...seen, advance.type === "done" && advance.execution.error?.name];
    });
    expect(recorded).toEqual(["one", "two", "TimeoutError"]);
    expect(replayed).toEqual(recorded);
  });
});
