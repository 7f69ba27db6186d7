import assert from "node:assert/strict";
import { CodeletError, type ExecutorSession } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import type { ContractCase } from "../contract-case.ts";
import { contractTools } from "../contract-tools.ts";
import { assertOpens } from "../ended-typed.ts";
import { descendants, newDescendants, survivors } from "../host-processes.ts";
import { within } from "../within.ts";

/** Everything that the scenario awaits, in order. */
const points = ["open", "bind", "next for calls", "next after delivery", "next for the end", "snapshot", "dispose"] as const;
type Point = (typeof points)[number];

/** From the abort on. */
const settleDeadlineMs = 5_000;
/** Until then a busy machine, or a provider, may take its time. */
const workDeadlineMs = 30_000;

/** The same scenario, aborted at each place where it waits: everything settles, in a typed way, and nothing stays. */
export const awaitSweepCases: readonly ContractCase[] = [
  ...points.flatMap((point) => [abortedAt(point, "as it begins"), abortedAt(point, "a moment later")]),
  {
    name: "an open that is aborted before it begins rejects with aborted, and leaves nothing",
    async run(context) {
      const before = descendants();
      const error = await context.executor.open({ signal: AbortSignal.abort(new Error("too late")) }).then(
        (session) => session[Symbol.asyncDispose](),
        (thrown: unknown) => thrown,
      );
      assert.ok(CodeletError.isInstance(error) && error.code === "aborted", String(error));
      assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
    },
  },
];

function abortedAt(point: Point, moment: "as it begins" | "a moment later"): ContractCase {
  return {
    name: `an abort at ${point}, ${moment}, settles everything and leaves nothing`,
    ...(point === "snapshot" ? { needs: ["snapshot"] as const } : {}),
    async run(context) {
      const before = descendants();
      const controller = new AbortController();
      const reached = async <T>(name: Point, promise: Promise<T>): Promise<T> => {
        if (name === point && moment === "as it begins") controller.abort();
        if (name === point && moment === "a moment later") setTimeout(() => controller.abort(), 3);
        return within(name === point || controller.signal.aborted ? settleDeadlineMs : workDeadlineMs, name, promise);
      };
      const error = await scenario(context, controller.signal, reached);
      assert.ok(error === undefined || CodeletError.isInstance(error), `expected an error with a code, got ${String(error)}`);
      assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
      if (moment === "as it begins") await assertOpens(context);
    },
  };
}

/** Gives what it ended with: an error, or undefined. */
async function scenario(context: CaseContext, signal: AbortSignal, reached: <T>(point: Point, promise: Promise<T>) => Promise<T>): Promise<unknown> {
  let session: ExecutorSession | undefined;
  try {
    session = await reached("open", context.executor.open({ tools: contractTools, signal }));
    await reached("bind", session.bind({ variables: { x: 1 } }));
    session.start("import asyncio\nawait asyncio.gather(echo.aio(x), echo.aio(2))\nwhile True:\n    pass", { signal, timeoutMs: 300 });
    const advance = await reached("next for calls", session.next());
    if (advance.type === "calls") {
      session.deliver(advance.calls.map(({ id }) => ({ id, value: 0 })));
      await reached("next after delivery", untilEnd(session));
    }
    session.start("import time\ntime.sleep(0.05)", { signal });
    await reached("next for the end", untilEnd(session));
    if (session.snapshot !== undefined) await reached("snapshot", session.snapshot());
  } catch (error) {
    return error;
  } finally {
    if (session !== undefined) await reached("dispose", Promise.resolve(session[Symbol.asyncDispose]()));
  }
  return undefined;
}

async function untilEnd(session: ExecutorSession): Promise<void> {
  for (;;) {
    const advance = await session.next();
    if (advance.type === "done") return;
    session.deliver(advance.calls.map(({ id }) => ({ id, value: 0 })));
  }
}
