import assert from "node:assert/strict";
import { CodeletError, type ExecutorSession } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import { type ContractCase, gentle } from "../contract-case.ts";
import { nextCalls, untilDone } from "../drive-step.ts";
import { assertError, assertStateIsTrue, assertValue } from "../ended-typed.ts";
import { pause } from "../within.ts";

interface ProtocolState {
  readonly name: string;
  readonly code: string;
  /** Calls that the code makes before it is in this state; they stay unanswered. */
  readonly calls?: number;
  /** The code can be stopped without losing its variables. */
  readonly keepsState: boolean;
  /** The code has already answered. */
  readonly hasAnswer?: boolean;
}

const states: readonly ProtocolState[] = [
  { name: "in a busy loop", code: "while True: pass", keepsState: true },
  { name: "in time.sleep", code: "import time\ntime.sleep(60)", keepsState: true },
  { name: "in asyncio.sleep", code: "import asyncio\nawait asyncio.sleep(60)", keepsState: true },
  { name: "while it waits for a call", code: "echo(1)", calls: 1, keepsState: true },
  {
    name: "while it awaits several calls",
    code: "import asyncio\nawait asyncio.gather(*[echo.aio(i) for i in range(3)])",
    calls: 3,
    keepsState: true,
  },
  {
    name: "in a loop after a call that nobody waits for",
    code: "import asyncio\nt = asyncio.ensure_future(echo.aio(1))\nawait asyncio.sleep(0)\nwhile True: pass",
    keepsState: false,
  },
  { name: "in an except block", code: "try:\n    1/0\nexcept Exception:\n    while True: pass", keepsState: true },
  { name: "in a finally block", code: "try:\n    pass\nfinally:\n    while True: pass", keepsState: true },
  { name: "after final_answer", code: "try:\n    final_answer(1)\nfinally:\n    while True: pass", keepsState: true, hasAnswer: true },
  {
    name: "when it swallows interrupts",
    code: "import time\nwhile True:\n    try:\n        time.sleep(0.05)\n    except BaseException:\n        pass",
    keepsState: false,
  },
  { name: "when it answers an interrupt with more work", code: "try:\n    while True: pass\nfinally:\n    while True: pass", keepsState: false },
];

export const interruptCases: readonly ContractCase[] = gentle([
  ...states.flatMap((state) => [interrupts(state, "aborted"), interrupts(state, "timeout")]),
  {
    name: "the caller's signal stops the step",
    async run({ open, run }) {
      const session = await open();
      await run(session, "keep = 7");
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("enough")), 150);
      const step = await run(session, "import time\ntime.sleep(30)", { signal: controller.signal });
      assertError(step.execution, "AbortError");
      assert.ok(step.elapsedMs < 2_500, `it took ${step.elapsedMs} ms`);
      assertValue((await run(session, "keep")).execution, 7);
    },
  },
  {
    name: "a signal that is aborted before the start stops the step at once",
    async run({ open, run }) {
      const session = await open();
      try {
        const { execution } = await run(session, "while True: pass", { signal: AbortSignal.abort(), timeoutMs: 10_000 });
        assertError(execution, "AbortError");
      } catch (error) {
        assert.ok(CodeletError.isInstance(error) && error.code === "aborted", String(error));
      }
      assertValue((await run(session, "1")).execution, 1);
    },
  },
  {
    name: "a signal that is aborted after the end changes nothing",
    async run({ open, run }) {
      const session = await open();
      const controller = new AbortController();
      await run(session, "keep = 7", { signal: controller.signal });
      controller.abort();
      assertValue((await run(session, "keep")).execution, 7);
    },
  },
  {
    name: "an interrupt in the same tick as the start ends the step",
    async run(context) {
      const session = await openKeeping(context);
      session.start("while True: pass", { timeoutMs: 10_000 });
      session.interrupt("aborted");
      const { execution } = await untilDone(session);
      assertError(execution, "AbortError");
      await assertStateIsTrue(context, session, execution);
    },
  },
  {
    name: "an interrupt while idle is a no-op, also right before the next start",
    async run({ open, run }) {
      const session = await open();
      session.interrupt("aborted");
      assertValue((await run(session, "keep = 7\nkeep")).execution, 7);
      session.interrupt("timeout");
      await pause(50);
      session.interrupt("aborted");
      assertValue((await run(session, "import time\ntime.sleep(0.1)\nkeep")).execution, 7);
    },
  },
  {
    name: "an interrupt that races with the end never hits the next step",
    async run({ open, run }) {
      const session = await open();
      for (let delay = 0; delay < 12; delay++) {
        session.start("import time\ntime.sleep(0.005)\n'mine'");
        await pause(delay);
        session.interrupt("aborted");
        await untilDone(session);
        assertValue((await run(session, "import time\nfor _ in range(3):\n    time.sleep(0.01)\n'next'")).execution, "next");
      }
    },
  },
  {
    name: "several interrupts are one",
    async run(context) {
      const session = await openKeeping(context);
      session.start("import time\ntime.sleep(30)");
      await pause(100);
      for (let times = 0; times < 3; times++) session.interrupt("aborted");
      assertError((await untilDone(session)).execution, "AbortError");
      assertValue((await context.run(session, "import time\ntime.sleep(0.1)\n1")).execution, 1);
    },
  },
  {
    name: "an answer that comes after the interrupt is ignored",
    async run(context) {
      const session = await openKeeping(context);
      session.start("echo(1)");
      const [call] = await nextCalls(session, 1);
      session.interrupt("aborted");
      session.deliver([{ id: call?.id ?? "", value: "late" }]);
      const { execution } = await untilDone(session);
      assertError(execution, "AbortError");
      if (!execution.stateLost) session.deliver([{ id: call?.id ?? "", value: "later still" }]);
      assertValue((await context.run(session, "echo('next')")).execution, "next");
    },
  },
]);

/** Interrupts the code in one state: it ends in time, under the right name, and says truly what became of the variables. */
function interrupts(state: ProtocolState, reason: "aborted" | "timeout"): ContractCase {
  return {
    name: `${reason === "aborted" ? "an abort" : "a timeout"} stops code ${state.name}`,
    async run(context) {
      const session = await openKeeping(context);
      session.start(state.code, { timeoutMs: 20_000 });
      if (state.calls !== undefined) await nextCalls(session, state.calls);
      else await pause(100);
      const startedAt = performance.now();
      session.interrupt(reason);
      const { execution } = await untilDone(session);
      assert.ok(performance.now() - startedAt < 5_000, `it took ${performance.now() - startedAt} ms`);
      if (!state.hasAnswer) assertError(execution, reason === "aborted" ? "AbortError" : "TimeoutError");
      else assert.deepEqual(execution.finalAnswer, { value: 1 });
      if (state.keepsState) assert.equal(execution.stateLost, false, "this code can be stopped with its state");
      await assertStateIsTrue(context, session, execution);
      assertValue((await context.run(session, "add(2, 3)")).execution, 5);
    },
  };
}

async function openKeeping(context: CaseContext): Promise<ExecutorSession> {
  const session = await context.open();
  await context.run(session, "keep = 7");
  return session;
}
