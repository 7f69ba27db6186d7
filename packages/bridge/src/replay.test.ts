import type { Advance, ExecutorSession, Json } from "@codelet/core";
import { expect, test } from "vitest";
import { advancesOf, callsOf, readingsOf, replayable } from "./testing/advances.ts";
import { deviceChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
type Readings = Readonly<Record<string, readonly Json[]>>;

async function readingsOfStep(code: string): Promise<Readings> {
  await using session = await openSession(replayable);
  const advances = await advancesOf(session, code);
  expect(advances.at(-1)).toMatchObject({ type: "done", execution: { error: undefined } });
  return Object.assign({}, ...readingsOf(advances)) as Readings;
}

test("tells with each advance what was read since the one before, in a replay as well", async () => {
  const code =
    "import time, os\nos.urandom(2)\necho(time.time())\ntime.sleep(0)\necho(os.getpid())\necho(1)\nos.urandom(3), time.monotonic_ns(), time.time_ns()\nNone";
  await using session = await openSession(replayable);
  const advances = await advancesOf(session, code);
  expect(advances.map(({ readings }) => readings)).toEqual([
    { urandom: [expect.stringMatching(/^[\da-f]{4}$/)], time: [expect.stringMatching(/^\d{19}$/)] },
    { sleep: [1], pid: [expect.any(Number)] },
    undefined,
    { urandom: [expect.stringMatching(/^[\da-f]{6}$/)], monotonic: [expect.any(String)], time: [expect.any(String)] },
  ]);
  await using other = await openSession(replayable);
  const again = await advancesOf(other, code, readingsOf(advances));
  expect(again.map(({ readings }) => readings)).toEqual(advances.map(({ readings }) => readings));
  expect(callsOf(again)).toEqual(callsOf(advances));
});

test("reads the world where the readings end, and tells both", async () => {
  await using session = await openSession(replayable);
  const [first, second] = readingsOf(await advancesOf(session, "import os\n[echo(os.urandom(4).hex()) for _ in range(3)]"));
  await using other = await openSession(replayable);
  const again = readingsOf(await advancesOf(other, "import os\n[echo(os.urandom(4).hex()) for _ in range(3)]", [first ?? {}, null, second ?? {}]));
  expect(again).toEqual([first, second, { urandom: [expect.stringMatching(/^[\da-f]{8}$/)] }]);
});

test("gives another size of random bytes to code that asks for another size", async () => {
  await using session = await openSession(replayable);
  const [recorded] = readingsOf(await advancesOf(session, "import os\nos.urandom(4), os.urandom(4)\nNone"));
  await using other = await openSession(replayable);
  const again = await advancesOf(other, "len(os.urandom(5)) + len(os.urandom(4))", [recorded ?? {}]);
  expect(again).toMatchObject([{ execution: { error: { name: "NameError" } } }]);
  expect(await advancesOf(other, "import os\nlen(os.urandom(5)) + len(os.urandom(4))", [recorded ?? {}])).toMatchObject([
    { execution: { value: 9 } },
  ]);
});

test.each([
  ["an event loop's own clock", "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.wait([asyncio.ensure_future(asyncio.sleep(0))], timeout=1)"],
  ["waits of threads", "import threading, queue\nthreading.Event().wait(0.01)\ntry: queue.Queue().get(timeout=0.01)\nexcept queue.Empty: pass"],
  ["pools of threads", "from concurrent.futures import ThreadPoolExecutor as P\nwith P(2) as p: list(p.map(lambda n: n, range(5), timeout=5))"],
  ["other programs", "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''], timeout=60)"],
])("does not tell what libraries read for themselves: %s", async (_, code) => {
  const { monotonic, sleep, asyncio } = await readingsOfStep(code);
  expect({ monotonic, sleep, asyncio }).toEqual({ monotonic: undefined, sleep: undefined, asyncio: undefined });
});

test("goes on with the machine's own functions where a session is not replayable", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "import time, os, random, datetime, asyncio, sys\n[type(f) is type(len) for f in (time.time, time.sleep, os.urandom, os.getpid, datetime.datetime.now)] + [asyncio.sleep.__module__, random.Random.seed.__module__]";
  expect((await run(session, code)).value).toEqual([true, true, true, true, true, "asyncio.tasks", "random"]);
});

test("prints and warns as elsewhere", async () => {
  const code =
    "import warnings, time, datetime, os\nwarnings.simplefilter('always')\ndatetime.datetime.utcnow()\nprint(time.time, time.sleep, os.urandom.__name__, time.localtime.__doc__[:20])\nfor f in (lambda: time.sleep(-1), lambda: time.sleep('x'), lambda: os.urandom(-1), lambda: datetime.datetime.now('x'), lambda: time.localtime('x'), lambda: time.gmtime(None).tm_year > 0):\n    try: print(f())\n    except Exception as e: print(type(e).__name__, e)";
  await using plain = await openSession({ tools: [echo] });
  await using session = await openSession(replayable);
  const logs = async (of: ExecutorSession): Promise<readonly string[]> => (await run(of, code)).logs.split("\n").sort();
  expect(await logs(session)).toEqual(await logs(plain));
});

test("lets a forked child read the world", async () => {
  const code =
    "import os, time\nout, into = os.pipe()\nif os.fork() == 0:\n    os.write(into, b'%d' % os.getpid())\n    time.time(); os.urandom(4)\n    os._exit(0)\nchild = int(os.read(out, 20))\nos.wait()\nchild != os.getpid()";
  await using session = await openSession(replayable);
  const advances = await advancesOf(session, code);
  expect(advances).toMatchObject([{ execution: { value: true }, readings: { pid: [expect.any(Number)] } }]);
});

test("keeps readings of many threads in their limits", async () => {
  const code =
    "import threading, time\ndef read():\n    for _ in range(4000): time.time()\nthreads = [threading.Thread(target=read) for _ in range(6)]\nfor t in threads: t.start()\nfor t in threads: t.join()\n'done'";
  const { time, cut } = await readingsOfStep(code);
  expect(time?.length).toBeLessThanOrEqual(10_000);
  expect(cut).toBe(true);
});

test("leaves readings out rather than a value that fills its frame", async () => {
  await using session = await openSession(replayable, { limits: { maxFrameBytes: 20_000 } });
  const advances = await advancesOf(session, "import os\n[os.urandom(500) for _ in range(20)]\necho('x' * 15_000)\n7");
  expect(advances).toMatchObject([{ type: "calls", readings: { cut: true } }, { execution: { value: 7 } }]);
});

test("wakes tasks in the order of their sleeps without select and threads", async () => {
  const open = (): ReturnType<typeof openSession> => openSession(replayable, { connect: async () => deviceChannel() });
  const code =
    "import asyncio\nasync def f(x, s):\n    await asyncio.sleep(s)\n    return await echo.aio(x)\nawait asyncio.gather(f('slow', 0.3), f('fast', 0.01), f('middle', 0.1))";
  await using session = await open();
  const advances = await advancesOf(session, code);
  await using other = await open();
  const again = await advancesOf(other, code, readingsOf(advances));
  expect(callsOf(advances).map(({ args }) => args[0])).toEqual(["fast", "middle", "slow"]);
  expect(callsOf(again)).toEqual(callsOf(advances));
});

const inside = (code: string): string =>
  `import gc, time\nreadings = next(o for o in gc.get_objects() if type(o).__name__ == 'Readings')\ntime.time()\n${code}\n5`;

test.each([
  ["objects in place of readings", inside("readings.pending.append(('time', object()))\nreadings.pending.append(([], 1))")],
  ["a recorder that was emptied", inside("readings.__dict__.clear()")],
  ["a source of its own", inside("readings.pending.append(('__proto__', 'x'))")],
  ["readings of another shape", inside("readings.pending.append(('pid', [1]))")],
  ["numbers that are none", inside("readings.pending.append(('pid', float('nan')))")],
  ["more readings than are kept", inside("readings.keep = None\nreadings._drained = lambda: {'urandom': ['00'] * 20_000}")],
  ["longer readings than are kept", inside("readings._drained = lambda: {'urandom': ['00' * 200_000]}")],
])("ends typed after forged readings: %s", async (_, code) => {
  const session = await openSession(replayable);
  const end = await advancesOf(session, code).catch((error: unknown) => error);
  if (Array.isArray(end)) expect((end.at(-1) as Extract<Advance, { type: "done" }>).execution).toMatchObject({ stateLost: false });
  else expect(end).toMatchObject({ code: "protocol" });
  await session[Symbol.asyncDispose]();
});

test("ends a session that tells readings without being asked", async () => {
  await using session = await openSession({ tools: [echo] });
  const code =
    "import gc\nclass Readings:\n    def fields(self, size): return ',\"readings\":{\"pid\":[1]}'\n    def end(self): pass\nsession = next(o for o in gc.get_objects() if type(o).__name__ == 'Session')\nsession.readings = Readings()";
  await expect(advancesOf(session, code)).rejects.toMatchObject({ code: "protocol" });
});

test.each([[[true]], [[{ time: ["now"] }]], [[{ pid: [1.5] }]], [[{ other: [1] }]], [[{ urandom: ["abc"] }]], [["text"]]])(
  "refuses %j as readings",
  async (replay) => {
    await using session = await openSession(replayable);
    expect(() => session.start("1", { replay: replay as Json[] })).toThrow(expect.objectContaining({ code: "configuration" }));
    expect((await run(session, "1 + 1")).value).toBe(2);
  },
);

test("calls the constructor of a subclass of datetime, as the world's own clock does", async () => {
  await using session = await openSession(replayable);
  const code = `
import datetime
class Tagged(datetime.datetime):
    def __new__(cls, *parts, **named):
        made = super().__new__(cls, *parts, **named)
        made.tag = 7
        return made
moments = [Tagged.now(), Tagged.now(datetime.timezone.utc), Tagged.today(), Tagged.utcnow()]
[moment.tag for moment in moments] + [moments[3].tzinfo, abs(moments[3] - moments[1].replace(tzinfo=None)).seconds < 60]`;
  expect((await run(session, code)).value).toEqual([7, 7, 7, 7, null, true]);
});
