import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorSession, Value } from "@codelet/core";
import { contractTools, nextCall, refusalOf, untilDone } from "@codelet/executor-contract";
import { describe, expect, it } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { containerOf, docker, engineMissing, engineSocket, onPodman, testOptions } from "./testing/engine.ts";
import { type EngineProxy, engineProxy } from "./testing/engine-proxy.ts";

interface Connected {
  readonly session: ExecutorSession;
  readonly proxy: EngineProxy;
}

async function withSession(use: (connected: Connected) => Promise<void>): Promise<void> {
  await using proxy = await engineProxy(engineSocket as string);
  const session = await dockerExecutor({ ...testOptions, engine: proxy.engine }).open({ tools: contractTools });
  try {
    await use({ session, proxy });
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

describe.skipIf(engineMissing !== undefined || engineSocket === undefined || onPodman)("a connection that drops", () => {
  it("while code computes, loses nothing", () =>
    withSession(async ({ session, proxy }) => {
      session.start("import time\nprint('a')\ntime.sleep(0.3)\nprint('b')\necho(1)");
      await sleep(100);
      proxy.drop();
      const { id } = await nextCall(session);
      session.deliver([{ id, value: 2 }]);
      expect((await untilDone(session)).execution).toMatchObject({ value: 2, logs: "a\nb\n", stateLost: false });
    }));

  it("while a call waits, keeps the call", () =>
    withSession(async ({ session, proxy }) => {
      session.start("[echo(1), echo(2)]");
      const first = await nextCall(session);
      proxy.drop();
      session.deliver([{ id: first.id, value: 10 }]);
      const second = await nextCall(session);
      expect(second.id).not.toBe(first.id);
      proxy.drop();
      await sleep(300);
      session.deliver([{ id: second.id, value: 20 }]);
      expect((await untilDone(session)).execution).toMatchObject({ value: [10, 20] });
    }));

  it("right after a result was sent, brings it once", () =>
    withSession(async ({ session, proxy }) => {
      const seen: Value[] = [];
      session.start("[echo(n) for n in range(20)]");
      for (let count = 0; count < 20; count++) {
        const { id, args } = await nextCall(session);
        seen.push(args[0] as Value);
        session.deliver([{ id, value: args[0] as Value }]);
        if (count % 4 === 0) proxy.drop();
      }
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      expect((await untilDone(session)).execution).toMatchObject({ value: numbers });
      expect(seen).toEqual(numbers);
    }));

  it("in the middle of a long frame, in either direction, sends it again", () =>
    withSession(async ({ session, proxy }) => {
      session.start("text = echo('x' * 6_000_000)\nlen(text)");
      const dropping = (async () => {
        for (let count = 0; count < 4; count++) {
          await sleep(30);
          proxy.drop();
        }
      })();
      const { id, args } = await nextCall(session);
      expect(String(args[0])).toHaveLength(6_000_000);
      session.deliver([{ id, value: "y".repeat(6_000_000) }]);
      await dropping;
      proxy.drop();
      expect((await untilDone(session)).execution).toMatchObject({ value: 6_000_000 });
    }));

  it("as the step ends, still hands over its end", () =>
    withSession(async ({ session, proxy }) => {
      for (let count = 0; count < 5; count++) {
        session.start(`print(${count})\n${count}`);
        proxy.drop();
        expect((await untilDone(session)).execution).toMatchObject({ value: count, logs: `${count}\n` });
      }
    }));

  it("while idle, and during a stop, is made again", () =>
    withSession(async ({ session, proxy }) => {
      session.start("keep = 1");
      await untilDone(session);
      proxy.drop();
      session.start("while True: pass", { timeoutMs: 300 });
      await sleep(280);
      proxy.drop();
      expect((await untilDone(session)).execution).toMatchObject({ error: { name: "TimeoutError" } });
      session.start("1 + 1");
      expect((await untilDone(session)).execution).toMatchObject({ value: 2 });
    }));

  it("with the container, ends the step with a word about it", () =>
    withSession(async ({ session }) => {
      session.start("import time\ntime.sleep(60)");
      await docker.getContainer(await containerOf(session)).remove({ force: true });
      const error = await refusalOf(session.next());
      expect(error).toMatchObject({ code: "executor-crashed", message: expect.stringContaining("the container has ended") });
    }));
});
