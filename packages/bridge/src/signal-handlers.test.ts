import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Value } from "@codelet/core";
import { expect, test } from "vitest";
import { childChannel, openSession, python } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
const tools = { echo: (x: Value): Value => x };
const isOldPython = execFileSync(python, ["-c", "import sys; print(sys.version_info < (3, 10))"], { encoding: "utf8" }).trim() === "True";

test("sends and reads each frame once and whole, whenever a signal handler of the code raises", async () => {
  await using session = await openSession({ tools: [echo] }, { limits: { maxCallsPerStep: 1_000_000 } });
  const code = `import signal
armed = False
def late(*_):
    if armed: raise TimeoutError("late")
signal.signal(signal.SIGALRM, late)
for i in range(1500):
    try:
        armed = True
        signal.setitimer(signal.ITIMER_REAL, 0.00002 * (i % 20 + 1))
        echo(text)
        armed = False
    except TimeoutError: armed = False
armed = False
echo("end")`;
  for (const text of ["short", "x".repeat(300_000)]) {
    await session.bind({ variables: { text } });
    const few = text.length > 1_000 ? code.replace("1500", "60").replace("0.00002", "0.0002") : code;
    expect(await run(session, few, tools)).toMatchObject({ error: undefined, value: "end", stateLost: false });
  }
});

test.each([
  ["raises", "def ring(*_): raise TimeoutError('ring')\nsignal.signal(signal.SIGALRM, ring)", 0],
  ["raises again and again", "def ring(*_): raise SystemExit\nsignal.signal(signal.SIGALRM, ring)", 0.05],
  ["calls a tool", "def ring(*_): echo(1)\nsignal.signal(signal.SIGALRM, ring)", 0],
])("keeps the state when a signal handler %s between two steps", async (_, handler, again) => {
  const channel = childChannel();
  await using session = await openSession({ tools: [echo] }, { connect: async () => channel });
  await run(session, `import signal\n${handler}\nsignal.setitimer(signal.ITIMER_REAL, 0.1, ${again})\nkeep = 7`);
  await sleep(300);
  expect(await run(session, "signal.setitimer(signal.ITIMER_REAL, 0)\nkeep", tools)).toMatchObject({ value: 7, stateLost: false });
});

test.each(["TimeoutError('ring')", "OSError(5, 'ring')"])("lets through what a signal handler raises in the middle of a print: %s", async (error) => {
  await using session = await openSession();
  const ring = `import signal, sys\ndef ring(*_): raise ${error}\nsignal.signal(signal.SIGALRM, ring)\ncaught = 0`;
  const code = `${ring}\nfor _ in range(50):\n    signal.setitimer(signal.ITIMER_REAL, 0.002)\n    try:\n        while True: print(); print(file=sys.stderr)\n    except OSError: caught += 1\ncaught`;
  expect(await run(session, code, {}, { timeoutMs: 5_000 })).toMatchObject({ value: 50 });
});

// Python 3.9 looks for signals also where it lets go of a lock, which is never let go then.
if (isOldPython) console.log("SKIPPED a signal handler that raises all the time: Python 3.9 may lose a lock to it");
test.skipIf(isOldPython)("keeps the state, and reports each step once, while a signal handler raises all the time", async () => {
  await using session = await openSession({ tools: [echo] });
  await run(session, "import signal\ndef ring(*_): raise RuntimeError('ring')\nsignal.signal(signal.SIGALRM, ring)\nkeep = 0");
  await run(session, "signal.setitimer(signal.ITIMER_REAL, 0.0011, 0.0011)");
  for (let round = 0; round < 300; round++) {
    const { stateLost, error, logs } = await run(session, "keep += 1\nprint('kept')\nkeep", tools);
    expect(stateLost).toBe(false);
    expect(error === undefined ? logs : error.name).toMatch(/^(kept\n|RuntimeError)$/);
  }
  let kept: unknown = null;
  while (kept === null) kept = (await run(session, "signal.setitimer(signal.ITIMER_REAL, 0)\nkeep")).value;
  expect(kept).toBeGreaterThan(100);
  expect(kept).toBeLessThanOrEqual(300);
});

test("is interrupted after a step that blocked the signal", async () => {
  await using session = await openSession();
  await run(session, "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\nkeep = 7");
  expect(await run(session, "while True: pass", {}, { timeoutMs: 200 })).toMatchObject({ stateLost: false, error: { name: "TimeoutError" } });
  expect(await run(session, "keep")).toMatchObject({ value: 7 });
});
