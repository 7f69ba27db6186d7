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
      expect(performance.now() - startedAt).toBeLessThan(5_000); // a busy machine takes ten times as long as an idle one
    }
    expect(await evaluate(session, "kept")).toBe(7);
  },
  buildTimeoutMs,
);

it("kills what can't be interrupted, and says that the variables are lost", async () => {
  await using session = await openWasm();
  const startedAt = performance.now();
  const { error, stateLost } = await run(session, "sum(range(10**13))", { timeoutMs: 300 });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
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
    calls.frame = (number, b'', [], None)
${writes.join("")}    os.write(3, b',"s":%d,"interrupted":true}\\n' % number)
    calls.answer = lambda *frame: None`;
  expect((await run(session, code, { timeoutMs: 300 })).error?.name).toBe("TimeoutError");
  const next = "until = time.time() + 0.3\nwhile time.time() < until: pass\n'undisturbed'";
  for (const prefix of ["del calls.answer\n", ""])
    expect(await run(session, prefix + next)).toMatchObject({ value: "undisturbed", stateLost: false });
});

it("lets a memory bomb cost the session at most, and the host next to nothing", async () => {
  await using session = await openWasm({ memoryLimitBytes: 128 * 2 ** 20 });
  // The module has no room for it, long before the host would have to end the process.
  expect(await run(session, "kept = 1\nblock = bytearray(200 * 2**20)")).toMatchObject({ error: { name: "MemoryError" }, stateLost: false });
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

const mebibyte = "(b'x' * 2**20)";
it.for([
  ["outside of its folder", `for n in range(3): open(f'/dev/big{n}', 'wb').write(${mebibyte})`],
  ["among the library's", `for n in range(3): open(f'/lib/big{n}', 'wb').write(${mebibyte})`],
  [
    "that are deleted while open",
    `for n in range(3):\n        f = open('big', 'wb', buffering=0); os.unlink('big'); kept.append(f); f.write(${mebibyte})`,
  ],
  ["that are made longer without a write", "os.truncate(open('long', 'wb').name, 3 * 2**20)"],
  [
    "that are written as mapped memory",
    "for n in range(3):\n        f = open(str(n), 'w+b'); f.truncate(2**20); kept.append(mmap.mmap(f.fileno(), 0)); f.truncate(0)\n    for m in kept: m.flush()",
  ],
])("ends files %s at that size too", async ([, act]) => {
  await using session = await openWasm({ diskLimitBytes: 2 ** 20 });
  const fill = `import mmap, os\nkept = []\nsaid = None\ntry:\n    ${act}\nexcept OSError as error:\n    said = error.strerror\nsaid`;
  expect(await evaluate(session, fill)).toBe("No space left on device");
});

it("has room again when files are deleted, made shorter or closed", async () => {
  await using session = await openWasm({ diskLimitBytes: 2 ** 20 });
  const code = `
import os
for round in range(8):
    with open('a', 'wb') as a, open('b', 'wb') as b, open('/tmp/c', 'wb') as c:
        os.unlink('a')
        for f in (a, b, c): f.write(bytes(300_000))
    os.truncate('b', 0)
    os.unlink('/tmp/c')
'fits'`;
  expect(await evaluate(session, code)).toBe("fits");
});

it("holds in a pipe what Linux holds, and what is read from it comes whole", async () => {
  await using session = await openWasm();
  const code = `
import os
r, w = os.pipe()
def fill():
    count = 0
    try:
        while True: count += os.write(w, b'abc' * 2**20)
    except BlockingIOError:
        return count
first = fill()
data = b''
while len(data) < first: data += os.read(r, 1000)
[first, data == (b'abc' * 2**20)[:first], fill()]`;
  expect(await evaluate(session, code)).toEqual([65_536, true, 65_536]);
});
