import assert from "node:assert/strict";
import { CodeletError } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { contractTools } from "../contract-tools.ts";
import { nextCalls } from "../drive-step.ts";
import { assertOpens, assertValue } from "../ended-typed.ts";
import { hostDeathCase } from "../host-death.ts";
import { descendants, newDescendants, survivors } from "../host-processes.ts";
import { pause, within } from "../within.ts";
import { awaitSweepCases } from "./await-sweep.ts";
import { leakCases } from "./leaks.ts";

const disposeCases: readonly ContractCase[] = [
  {
    name: "disposing twice, or at once, is fine",
    async run({ open, run }) {
      const session = await open();
      await run(session, "x = 1");
      await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
      await session[Symbol.asyncDispose]();
    },
  },
  {
    name: "any use after disposal throws configuration",
    async run({ open }) {
      const session = await open();
      await session[Symbol.asyncDispose]();
      await assertConfiguration(() => session.start("1"));
      await assertConfiguration(() => session.next());
      await assertConfiguration(() => session.bind({ variables: { x: 1 } }));
      if (session.snapshot !== undefined) await assertConfiguration(() => session.snapshot?.());
    },
  },
  {
    name: "a start during a step throws configuration, and the step goes on",
    async run({ open }) {
      const session = await open();
      session.start("echo(1) + 1");
      const [call] = await nextCalls(session, 1);
      await assertConfiguration(() => session.start("2"));
      session.deliver([{ id: call?.id ?? "", value: 1 }]);
      const advance = await within(5_000, "next()", session.next());
      assert.equal(advance.type === "done" && advance.execution.value, 2);
    },
  },
  {
    name: "binding during a step throws configuration",
    async run({ open }) {
      const session = await open();
      session.start("echo(1)");
      const [call] = await nextCalls(session, 1);
      await assertConfiguration(() => session.bind({ variables: { x: 1 } }));
      session.deliver([{ id: call?.id ?? "", value: 1 }]);
      await within(5_000, "next()", session.next());
    },
  },
  ...["while True: pass", "import time\ntime.sleep(60)", "echo(1)"].map(
    (code): ContractCase => ({
      name: `disposing during a step settles it and ends the sandbox (${JSON.stringify(code)})`,
      async run(context) {
        const before = descendants();
        const session = await context.open();
        session.start(code);
        const ended = settle(code === "echo(1)" ? nextCalls(session, 1).then(() => session.next()) : session.next());
        await pause(150);
        await within(5_000, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
        const error = await within(2_000, "next() of a disposed session", ended);
        assert.ok(error === undefined || CodeletError.isInstance(error), String(error));
        assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
      },
    }),
  ),
  {
    name: "a variable that can't cross is refused by bind and open, and the session goes on",
    async run({ open, run }) {
      const session = await open();
      const variables = { f: () => 1 } as never;
      for (const refused of [() => session.bind({ variables }), () => open({ variables })]) {
        const error = await settle((async () => void (await refused()))());
        assert.ok(error instanceof TypeError || CodeletError.isInstance(error), String(error));
      }
      assertValue((await run(session, "echo(3)")).execution, 3);
    },
  },
  {
    name: "wrong options of open are refused with configuration or TypeError, and leave nothing",
    async run(context) {
      const before = descendants();
      const [tool] = contractTools;
      for (const options of [
        { variables: { "not a name": 1 } },
        { tools: [{ ...tool, name: "not a name" }] },
        { restore: { executor: "no-such-executor", data: {} } },
      ]) {
        const error = await settle(context.open(options as never).then((session) => session[Symbol.asyncDispose]()));
        assert.ok(error instanceof TypeError || CodeletError.isInstance(error), `${JSON.stringify(Object.keys(options))}: ${String(error)}`);
      }
      assert.deepEqual(await survivors(() => newDescendants(before), 2_000), []);
      await assertOpens(context);
    },
  },
];

export const lifecycleCases: readonly ContractCase[] = [...disposeCases, ...awaitSweepCases, ...leakCases, hostDeathCase];

/** What a promise rejects with, or undefined. */
function settle(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function assertConfiguration(use: () => unknown): Promise<void> {
  let error: unknown;
  try {
    await use();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(CodeletError.isInstance(error) && error.code === "configuration", `expected the code configuration, got ${String(error)}`);
}
