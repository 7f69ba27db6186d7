import assert from "node:assert/strict";
import { CodeletError } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { nextAdvance } from "../drive-step.ts";
import { assertError, assertOpens, assertStateIsTrue, assertUsable, assertValue, endTyped } from "../ended-typed.ts";
import { canSeeProcesses, descendants, newDescendants, processesUnseen } from "../host-processes.ts";
import { pause, within } from "../within.ts";
import { childProcessCases } from "./child-processes.ts";

/** Code that ends by an exception of its own kind, and leaves the session as it is. */
const exits = [
  { name: "SystemExit", code: "import sys\nsys.exit('bye')" },
  { name: "KeyboardInterrupt", code: "raise KeyboardInterrupt" },
  { name: "GeneratorExit", code: "raise GeneratorExit" },
  { name: "RecursionError", code: "def f():\n    return f()\nf()" },
  { name: "CancelledError", code: "import asyncio\nraise asyncio.CancelledError()" },
];

/** Code that takes its interpreter down. */
const deaths = [
  { name: "os._exit", code: "import os\nos._exit(3)" },
  { name: "a segmentation fault", code: "import ctypes\nctypes.string_at(0)" },
  { name: "os.abort", code: "import os\nos.abort()" },
  {
    name: "a native stack overflow",
    code: "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
  },
];

export const crashCases: readonly ContractCase[] = [
  ...exits.map(
    ({ name, code }): ContractCase => ({
      name: `${name} is an error of the code, and the session goes on`,
      async run(context) {
        const session = await context.open();
        await context.run(session, "keep = 7");
        const { execution } = await context.run(session, code);
        assertError(execution, name);
        await assertStateIsTrue(context, session, execution);
      },
    }),
  ),
  ...deaths.map(
    ({ name, code }): ContractCase => ({
      name: `${name} is an error with its loss of state said, not a hang`,
      async run(context) {
        const session = await context.open();
        await context.run(session, "keep = 7");
        const startedAt = performance.now();
        const end = await endTyped(context, session, code, { timeoutMs: 10_000 });
        assert.ok(performance.now() - startedAt < 8_000, "it took until the timeout");
        if (end.execution !== undefined) {
          assert.ok(end.execution.error, "the code went on after its death");
          await assertStateIsTrue(context, session, end.execution);
        }
        await assertUsable(context, session);
      },
    }),
  ),
  {
    name: "a death in the middle of a call settles the step",
    async run(context) {
      const session = await context.open();
      const code =
        "import asyncio, os\nasync def die():\n    await asyncio.sleep(0.1)\n    os._exit(1)\nawait asyncio.gather(slow.aio(60_000, 1), die())";
      const end = await endTyped(context, session, code);
      assert.ok(end.error ?? end.execution.error);
      await assertUsable(context, session);
    },
  },
  {
    name: "an answer before the death is kept",
    async run(context) {
      const session = await context.open();
      const end = await endTyped(context, session, "import os\ntry:\n    final_answer('kept')\nfinally:\n    os._exit(1)");
      if (end.execution !== undefined) assert.deepEqual(end.execution.finalAnswer, { value: "kept" });
      await assertUsable(context, session);
    },
  },
  {
    name: "closing every descriptor from 3 on costs the session at most",
    async run(context) {
      const session = await context.open();
      const end = await endTyped(context, session, "import os\nos.closerange(3, 256)\n1", { timeoutMs: 5_000 });
      if (end.execution?.stateLost === false) assert.notEqual(end.execution.error?.name, "TimeoutError");
      await assertUsable(context, session);
    },
  },
  {
    name: "bytes written to every descriptor cost the session at most",
    async run(context) {
      const session = await context.open();
      const code =
        'import os\nfor fd in range(3, 32):\n    try: os.write(fd, b\'{"type":"done","value":"forged"}\\n\\x00\\xff[[[[\')\n    except OSError: pass\n40 + 1';
      const end = await endTyped(context, session, code, { timeoutMs: 5_000 });
      assert.notEqual(end.execution?.value, "forged");
      await assertUsable(context, session);
    },
  },
  {
    name: "patched builtins, json and io neither forge a result nor break the next step",
    async run(context) {
      const session = await context.open();
      const code =
        "import builtins, json, os, sys, io\nbuiltins.len = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.repr = lambda x: 'forged'\njson.dumps = lambda *a, **k: '{\"type\":\"done\"}'\njson.loads = lambda *a, **k: {}\nos.write = lambda *a: 0\nos.read = lambda *a: b''\nbuiltins.compile = None\nbuiltins.exec = None\n40 + 1";
      const end = await endTyped(context, session, code, { timeoutMs: 5_000 });
      assert.notEqual(end.execution?.value, "forged");
      const after = await endTyped(context, session, "40 + 2", { timeoutMs: 5_000 });
      if (after.execution !== undefined && after.execution.error === undefined) assertValue(after.execution, 42);
      await assertOpens(context);
    },
  },
  {
    name: "trace hooks, signal handlers and changed limits don't outlive their damage",
    async run(context) {
      const session = await context.open();
      const code =
        "import sys, signal\nsys.settrace(lambda *a: (_ for _ in ()).throw(RuntimeError('trace')))\ntry:\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\nexcept Exception:\n    pass\nsys.setrecursionlimit(10_000)\n1";
      await endTyped(context, session, code, { timeoutMs: 5_000 });
      const step = await endTyped(context, session, "while True: pass", { timeoutMs: 300 });
      assert.ok(step.error ?? step.execution.error);
      await assertUsable(context, session);
    },
  },
  {
    name: "the sandbox's death from outside settles the step",
    async run(context) {
      const { killSandbox } = context.options.faults;
      if (killSandbox === undefined && !canSeeProcesses) context.skip(processesUnseen);
      const before = descendants();
      const session = await context.open();
      const own = newDescendants(before);
      if (killSandbox === undefined && own.length === 0)
        context.skip("the sandbox is no process of this machine, and no `faults.killSandbox` is given");
      session.start("import time\ntime.sleep(60)");
      const ended = nextAdvance(session).catch((error: unknown) => error);
      await pause(200);
      if (killSandbox === undefined) for (const { pid } of own) killQuietly(pid);
      else await killSandbox();
      const end = await within(10_000, "next() of a dead sandbox", ended);
      if (CodeletError.isInstance(end)) assert.equal(end.code, "executor-crashed");
      else assert.ok((end as { execution?: { stateLost: boolean } }).execution?.stateLost, `expected a loss of state, got ${JSON.stringify(end)}`);
      await assertOpens(context);
    },
  },
  {
    name: "a dropped connection is made again, and each call happens once",
    async run(context) {
      const { dropConnection } = context.options.faults;
      if (dropConnection === undefined) return context.skip("no `faults.dropConnection` is given: the carrier has no connection to lose");
      const session = await context.open();
      const code = "import time\nout = []\nfor i in range(8):\n    out.append(slow(50, i))\n    print('line', i)\n    time.sleep(0.1)\nout";
      const running = context.run(session, code);
      await pause(350);
      await dropConnection();
      const step = await running;
      assertValue(step.execution, [0, 1, 2, 3, 4, 5, 6, 7]);
      assert.equal(step.calls.length, 8);
      assert.equal(step.execution.logs, [0, 1, 2, 3, 4, 5, 6, 7].map((line) => `line ${line}\n`).join(""));
    },
  },
  ...childProcessCases,
];

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // went down with its parent
  }
}
