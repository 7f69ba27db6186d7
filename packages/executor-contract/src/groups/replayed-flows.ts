import assert from "node:assert/strict";
import type { SandboxCall, SessionRef } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";
import { madeBy, repeatable, repeatStep, untilEnd, untilWaiting } from "../repeat-step.ts";

/** Longer than the whole replay may take. */
const sleepS = 3;
const replayTimeoutMs = 2_900;

/** Steps that do more than read one value. */
export const replayedFlows: readonly ContractCase[] = [
  {
    name: "two threads may make their calls in the other order",
    needs: ["replay", "threads"],
    async run({ open }) {
      const code =
        "import threading, time\ngot = {}\ndef work(name, seconds):\n    time.sleep(seconds)\n    got[name] = echo(name)\nthreads = [threading.Thread(target=work, args=a) for a in (('slow', 0.3), ('fast', 0))]\nfor t in threads: t.start()\nfor t in threads: t.join()\nechoed = echo(sorted(got))";
      const names = ({ calls }: { readonly calls: readonly SandboxCall[] }): readonly unknown[] => calls.map(({ args }) => String(args[0])).sort();
      const first = await untilWaiting(await open(repeatable), code, { calls: 3 });
      const again = await untilWaiting(await open(repeatable), code, { calls: 3, replay: first.readings });
      assert.deepEqual(names(again), names(first));
      assert.equal((await untilEnd(again)).execution.error, undefined);
    },
  },
  {
    name: "tasks of asyncio wake up and make their calls in the same order",
    needs: ["replay"],
    async run(context) {
      const code =
        "import asyncio\norder = []\nasync def work(name, seconds):\n    await asyncio.sleep(seconds)\n    order.append(name)\n    return await echo.aio(name)\ndone = await asyncio.gather(work('slow', 0.4), work('fast', 0.05), work('middle', 0.2))\necho([order, done])\norder";
      const { value } = await repeatStep(context, code, { calls: 4 });
      assert.deepEqual(value, ["fast", "middle", "slow"]);
    },
  },
  {
    name: "a sleep that is over ends at once in the replay, and a new one lasts",
    needs: ["replay"],
    async run(context) {
      const ways = [`time.sleep(${sleepS})`, `await asyncio.sleep(${sleepS})`, `asyncio.run(asyncio.sleep(${sleepS}))`];
      await Promise.all(
        ways.map(async (sleep) => {
          const code = `import asyncio, time\n${sleep}\necho(time.monotonic())\nbefore = time.monotonic()\ntime.sleep(0.05)\ntime.monotonic() - before >= 0.05`;
          const { value } = await repeatStep(context, code, { timeoutMs: replayTimeoutMs });
          assert.equal(value, true, sleep);
        }),
      );
    },
  },
  {
    name: "a file of the work folder is appended to as if it were the first time",
    needs: ["replay"],
    async run(context) {
      const code =
        "import time\nwith open('log.txt', 'a') as log: log.write('one ')\necho(open('log.txt').read())\nwith open('log.txt', 'a') as log: log.write('two ')\nopen('log.txt').read()";
      assert.equal((await repeatStep(context, code)).value, "one two ");
    },
  },
  {
    name: "a module that the code has written is imported with its side effects",
    needs: ["replay"],
    async run(context) {
      const code =
        "import sys, os, importlib\nsys.path.insert(0, os.getcwd())\nopen('helper_of_replay.py', 'w').write(\"import uuid, time\\nname = str(uuid.uuid4())\\nopen('loaded.txt', 'a').write('x')\\nsince = time.time()\\n\")\nimportlib.invalidate_caches()\nimport helper_of_replay as helper\nechoed = echo([helper.name, helper.since, open('loaded.txt').read()])\n[echoed[0] == helper.name, echoed[2], open('loaded.txt').read()]";
      assert.deepEqual((await repeatStep(context, code)).value, [true, "x", "x"]);
    },
  },
  {
    name: "a step is suspended a second time, with readings of both runs",
    needs: ["replay"],
    async run({ open }) {
      const code = "import time, uuid\nseen = []\nfor n in range(4):\n    seen.append(echo([n, time.time(), str(uuid.uuid4())]))\nseen";
      const first = await untilWaiting(await open(repeatable), code, { calls: 2 });
      await first.session[Symbol.asyncDispose]();
      const second = await untilWaiting(await open(repeatable), code, { calls: 3, replay: first.readings });
      assert.deepEqual(madeBy(second).slice(0, 2), madeBy(first));
      assert.deepEqual(second.readings.slice(0, 2), first.readings, "advances of the replay");
      await second.session[Symbol.asyncDispose]();
      const third = await untilWaiting(await open(repeatable), code, { calls: 3, replay: second.readings });
      assert.deepEqual(madeBy(third), madeBy(second));
      const { execution } = await untilEnd(third);
      assert.deepEqual(
        (execution.value as readonly unknown[]).slice(0, 3),
        third.calls.map(({ args }) => args[0]),
      );
    },
  },
  {
    name: "earlier steps are run again before the one that waits",
    needs: ["replay"],
    async run({ open }) {
      const steps = [
        "import random, time\nstarted = time.time()\ndeck = random.sample(range(100), 5)\nopen('notes.txt', 'w').write(str(started))",
        "import uuid\nnames = {str(uuid.uuid4()) for _ in range(3)}\nanswer = echo(random.random())\ntime.time() - started",
      ];
      const waiting = "echo([started, deck, list(names), open('notes.txt').read(), random.random(), time.time() >= started])";
      const session = await open(repeatable);
      const recorded = [];
      recorded.push(await untilEnd(await untilWaiting(session, `echo(0)\n${steps[0]}`)));
      recorded.push(await untilEnd(await untilWaiting(session, `${steps[1]}`)));
      const first = await untilWaiting(session, waiting);
      await session[Symbol.asyncDispose]();
      const fresh = await open(repeatable);
      const replayed = [];
      replayed.push(await untilEnd(await untilWaiting(fresh, `echo(0)\n${steps[0]}`, { replay: recorded[0]?.readings })));
      replayed.push(await untilEnd(await untilWaiting(fresh, `${steps[1]}`, { replay: recorded[1]?.readings })));
      assert.deepEqual(
        replayed.map(({ execution, readings }) => [execution.value, readings]),
        recorded.map(({ execution, readings }) => [execution.value, readings]),
      );
      const again = await untilWaiting(fresh, waiting, { replay: first.readings });
      assert.deepEqual(madeBy(again), madeBy(first));
      assert.equal((await untilEnd(again)).execution.error, undefined);
    },
  },
  {
    name: "a step is run again from the state that was saved before it",
    needs: ["replay", "snapshot"],
    async run({ open, run }) {
      const code = "echo([random.random(), str(uuid.uuid4()), now(), next(numbers), list(words)])";
      const session = await open(repeatable);
      await run(
        session,
        "import random, uuid\nfrom time import time as now\nnumbers = iter(range(9))\nnext(numbers)\nwords = {'a', 'b', 'c', now()}",
      );
      const saved = JSON.parse(JSON.stringify(await session.snapshot?.())) as SessionRef;
      const first = await untilWaiting(session, code);
      await session[Symbol.asyncDispose]();
      const again = await untilWaiting(await open({ ...repeatable, restore: saved }), code, { replay: first.readings });
      assert.deepEqual(madeBy(again), madeBy(first));
      assertValue((await untilEnd(again)).execution, first.calls[0]?.args[0]);
      const plain = await open({ restore: saved });
      plain.start("import time\ntime.sleep(0)\nnow() > 0");
      const advance = await plain.next();
      assert.ok(advance.type === "done" && advance.readings === undefined);
      assertValue(advance.execution, true);
    },
  },
];
