import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { assertOpens, assertValue, endTyped } from "../ended-typed.ts";
import { canSeeProcesses, descendants, newDescendants, processesUnseen, processesWith, survivors } from "../host-processes.ts";
import { pause, within } from "../within.ts";

/** What the code's own processes and threads may do to its session, and to the host. */
export const childProcessCases: readonly ContractCase[] = [
  {
    name: "a fork doesn't speak for its parent",
    needs: ["processes"],
    async run({ open, run }) {
      const session = await open();
      const code =
        "import os\npid = os.fork()\nif pid == 0:\n    try:\n        echo('child')\n    finally:\n        os._exit(0)\nos.waitpid(pid, 0)\necho('parent')";
      const step = await run(session, code);
      assertValue(step.execution, "parent");
      assert.deepEqual(
        step.calls.map(({ args }) => args[0]),
        ["parent"],
      );
      await run(session, "import os\nif os.fork() == 0:\n    raise ValueError('in the child')\nos.wait()\nNone");
      assertValue((await run(session, "echo('after')")).execution, "after");
    },
  },
  {
    name: "a child that holds the output open doesn't hold up the end of the step",
    needs: ["processes"],
    async run({ open, run }) {
      const session = await open();
      const step = await run(session, "import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)'])\n5");
      assertValue(step.execution, 5);
      assert.ok(step.elapsedMs < 3_000, `it took ${step.elapsedMs} ms`);
      assertValue((await run(session, "print('x')\n6")).execution, 6);
    },
  },
  {
    name: "forks, daemons and threads that outlive a step are gone with the session",
    needs: ["processes"],
    async run(context) {
      if (!canSeeProcesses) context.skip(processesUnseen);
      const session = await context.open();
      const marker = `codelet-daemon-${process.pid}-${Date.now()}`;
      const code = `import os, sys, threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', '${marker}'])\n    os._exit(0)\n1`;
      assertValue((await context.run(session, code)).execution, 1);
      await pause(200);
      await within(10_000, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
      assert.deepEqual(await survivors(() => processesWith(marker), 2_000), []);
    },
  },
  {
    name: "a fork bomb costs the session, not the host",
    needs: ["processes", "processLimit"],
    async run(context) {
      const before = descendants();
      const session = await context.open();
      const code =
        "import os, time\nn = 0\nfor _ in range(2_000):\n    if os.fork() == 0:\n        time.sleep(20)\n        os._exit(0)\n    n += 1\nn";
      const end = await endTyped(context, session, code, { timeoutMs: 10_000 });
      assert.notEqual(end.execution?.value, 2_000, "two thousand processes were let through");
      await within(10_000, "dispose", Promise.resolve(session[Symbol.asyncDispose]()));
      assert.deepEqual(await survivors(() => newDescendants(before).filter(({ command }) => command.startsWith("python")), 2_000), []);
      await assertOpens(context);
    },
  },
];
