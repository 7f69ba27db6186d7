import { expect, it } from "vitest";
import { evaluate, openWasm, run } from "./testing/evaluate.ts";

/** The first session on a machine makes the image. */
const buildTimeoutMs = 120_000;

it(
  "stops busy and sleeping code with its variables kept",
  async () => {
    await using session = await openWasm();
    await run(session, "kept = 7");
    for (const code of ["while True: pass", "import time\ntime.sleep(60)", "import asyncio\nawait asyncio.sleep(60)"]) {
      const startedAt = performance.now();
      const { error, stateLost } = await run(session, code, { timeoutMs: 300 });
      expect({ name: error?.name, stateLost }).toEqual({ name: "TimeoutError", stateLost: false });
      expect(performance.now() - startedAt).toBeLessThan(300 + 500);
    }
    expect(await evaluate(session, "kept")).toBe(7);
  },
  buildTimeoutMs,
);

it("kills what can't be interrupted, and says that the variables are lost", async () => {
  await using session = await openWasm();
  const startedAt = performance.now();
  const { error, stateLost } = await run(session, "sum(range(10**13))", { timeoutMs: 300 });
  expect(performance.now() - startedAt).toBeLessThan(300 + 500);
  expect({ name: error?.name, stateLost }).toEqual({ name: "TimeoutError", stateLost: true });
  expect(await evaluate(session, "1 + 1")).toBe(2);
});

it("interrupts at any moment without a trace in the next step", async () => {
  await using session = await openWasm();
  await run(session, "rounds = 0");
  for (const [round, delayMs] of [0, 0, 1, 3, 10, 30, 0, 1].entries()) {
    session.start(round % 2 === 0 ? "while True: rounds += 1" : "import time\ntime.sleep(60)");
    setTimeout(() => session.interrupt("aborted"), delayMs);
    expect(await session.next()).toMatchObject({ type: "done", execution: { error: { name: "AbortError" }, stateLost: false } });
    expect(await evaluate(session, "total = 0\nfor n in range(2000): total += 1\ntotal")).toBe(2000);
  }
});

it.for([`{ "t":"done"`, `{"t":"do|ne"`])("interrupts no later step when the end of the interrupted one arrives as %s", async (start) => {
  await using session = await openWasm();
  const writes = start.split("|").map((part, index) => `    ${index === 0 ? "" : "time.sleep(0.05); "}os.write(3, b'${part}')\n`);
  const code = `
import os, time
calls = display.__self__.calls
try:
    while True: pass
except KeyboardInterrupt:
    number = calls.frame[0] + 1
    calls.frame = (number, b'', [])
${writes.join("")}    os.write(3, b',"s":%d,"interrupted":true}\\n' % number)
    calls.send = lambda *frame: None`;
  expect((await run(session, code, { timeoutMs: 300 })).error?.name).toBe("TimeoutError");
  const next = "until = time.time() + 0.3\nwhile time.time() < until: pass\n'undisturbed'";
  for (const prefix of ["del calls.send\n", ""]) expect(await run(session, prefix + next)).toMatchObject({ value: "undisturbed", stateLost: false });
});

it("lets a memory bomb cost the session at most, and the host next to nothing", async () => {
  await using session = await openWasm({ memoryLimitBytes: 128 * 2 ** 20 });
  await run(session, "1");
  const before = process.memoryUsage().rss;
  const { error } = await run(session, "blocks = []\nwhile True: blocks.append(bytearray(2**20))");
  expect(["MemoryError", "SessionDied"]).toContain(error?.name);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  expect(await evaluate(session, "blocks = None\n1 + 1")).toBe(2);
});

it("ends files at the option's size", async () => {
  await using session = await openWasm({ diskLimitBytes: 2 ** 20 });
  const fill = "try:\n    open('big', 'wb').write(bytes(3 * 2**20))\nexcept OSError as error:\n    said = error.strerror\nsaid";
  expect(await evaluate(session, fill)).toBe("No space left on device");
});
