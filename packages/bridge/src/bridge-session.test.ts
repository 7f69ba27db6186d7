import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { childChannel, openSession, python } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition } from "./testing/tools.ts";

test("keeps state between steps and returns the last expression", async () => {
  await using session = await openSession();
  expect(await run(session, "x = 41\ndef f(y): return y + 1")).toMatchObject({ value: null, logs: "", stateLost: false });
  expect(await run(session, "print('é')\nf(x)")).toMatchObject({ value: 42, logs: "é\n" });
});

test("gives variables and tools to the code, also later ones", async () => {
  await using session = await openSession({ variables: { rows: [1, 2n ** 70n, { a: null }] } });
  await session.bind({ variables: { more: "…" }, tools: [addition.signature] });
  expect(await run(session, "[rows, more, add(1, 2)]", addition.tools)).toMatchObject({ value: [[1, 2n ** 70n, { a: null }], "…", 3] });
});

test("refuses names that Python can't have or that are taken", async () => {
  await using session = await openSession({ tools: [addition.signature] });
  for (const name of ["add", "final_answer", "a-b", "1a", ""]) {
    await expect(session.bind({ variables: { [name]: 1 } })).rejects.toMatchObject({ code: "configuration" });
  }
});

test.each([
  ["a finder", "class Finder:\n    def find_spec(self, name, *_): print('looking for', name)\nsys.meta_path.insert(0, Finder())"],
  ["an audit hook", "sys.addaudithook(lambda *event: print(event))"],
  ["modules that are hidden", "sys.modules.update(dict.fromkeys(['termios', 'fcntl', 'stat', 'time']))"],
])("prints whatever stands in its way in the interpreter: %s", async (_, hook) => {
  await using session = await openSession();
  expect(await run(session, `import sys\n${hook}\nprint('hello')\nkeep = 7`)).toMatchObject({
    logs: expect.stringContaining("hello"),
    error: undefined,
  });
  expect(await run(session, "print('again')\nkeep")).toMatchObject({ logs: expect.stringContaining("again"), value: 7 });
});

test("prints where the kernel can't say what is unread of a stream", () => {
  const folder = fileURLToPath(new URL("../python", import.meta.url));
  const refused = "def refuse(*_): raise OSError(25, 'not of this kind')\nfcntl.ioctl = refuse";
  const printed = "Output((os.dup(1), os.dup(2)))\nprint('hello')\nprint('again', file=sys.stderr)\nprint('end')";
  const code = `import fcntl, os, sys\n${refused}\nsys.path.insert(0, sys.argv[1])\nfrom codelet_bridge.output import Output\n${printed}`;
  expect(spawnSync(python, ["-B", "-c", code, folder], { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "hello\nend\n", stderr: "again\n" });
});

test.each([
  [
    "a group in thousands of others",
    "from builtins import ExceptionGroup as Group\nerror = ValueError('it')\nfor _ in range(5_000): error = Group('it', [error])",
    "ExceptionGroup",
  ],
  ["a class that hides itself", "class E(ValueError):\n    __class__ = property(lambda self: 1/0)\nerror = E('it')", "E"],
  ["a class with a cause of its own", "class E(ValueError):\n    __cause__ = __traceback__ = property(lambda self: 1/0)\nerror = E('it')", "E"],
])("tells an error by its name and message, also %s", async (_, code, name) => {
  await using session = await openSession();
  if ((await run(session, code)).error?.name === "ImportError") return console.log("SKIPPED this Python has no exception groups");
  expect((await run(session, "raise error")).error).toMatchObject({
    name,
    message: expect.stringMatching(/^it/),
    traceback: expect.stringContaining("raise error"),
  });
});

test.each([
  ["x = = 1", "SyntaxError", 1],
  ["x = 1\n    y = 2", "IndentationError", 2],
  ["a = 1\nreturn 5", "SyntaxError", 2],
  ["if True:\n  x = (1,", "SyntaxError", 2],
])("reports %j as %s in line %i", async (code, name, line) => {
  await using session = await openSession();
  expect((await run(session, code)).error).toMatchObject({ name, line });
});

test.each([
  ["a = 1\r\nb = 2\r\na + b + 38", 41],
  ["\ufeff40 + 1", 41],
  ["'''\nimport os\n'''\n\"\"\"x\"\"\"\n40 + 1", 41],
  ["f(\na = 1)", null],
  ["def f(**k): return 7\nf(\na = 1)", 7],
  ["s = [\n1,\n2]\ns", [1, 2]],
  ["x = '''\nabc\n'''", null],
  ["1; 2", 2],
  ["x = y = 3; x", 3],
  ["(lambda a=5: a)()", 5],
  ["lambda a=5: a", { type: "function" }],
  ["x = 5 # comment\nx # the end", 5],
  ["'nul \\x00 in string'", "nul \0 in string"],
  ["# nothing", null],
  ["", null],
  ["x: int = 3", null],
  ["5 == 5", true],
  ["{'a': 1}['a']", 1],
])("evaluates %j as CPython does", async (code, value) => {
  await using session = await openSession();
  const execution = await run(session, code);
  if (value === null && code.startsWith("f(")) expect(execution.error?.name).toBe("NameError");
  else if (typeof value === "object" && value !== null && !Array.isArray(value)) expect(execution.value).toMatchObject(value);
  else expect(execution.value).toEqual(value);
});

test("awaits at the top level, over several steps", async () => {
  await using session = await openSession();
  await run(session, "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x\ntask = None");
  expect(await run(session, "task = asyncio.ensure_future(f(1))\nawait f(2)")).toMatchObject({ value: 2 });
  expect(await run(session, "await task")).toMatchObject({ value: 1 });
  expect(await run(session, "asyncio.run(f(3))")).toMatchObject({ error: undefined, value: 3 });
});

test("keeps what a step sets in its context, also where it awaits", async () => {
  await using session = await openSession();
  const lead = "import asyncio, contextvars, decimal\nowner = contextvars.ContextVar('owner')";
  await run(session, `${lead}\nowner.set('me')\ndecimal.getcontext().prec = 50\nawait asyncio.sleep(0)`);
  expect((await run(session, "[owner.get(), decimal.getcontext().prec]")).value).toEqual(["me", 50]);
  await run(session, "decimal.setcontext(decimal.Context(prec=7))\nawait asyncio.sleep(0)\nowner.set('you')\n1 / 0");
  expect((await run(session, "await asyncio.sleep(0)\n[owner.get(), decimal.getcontext().prec]")).value).toEqual(["you", 7]);
});

test("shows a warning again in each step", async () => {
  await using session = await openSession();
  const warn = "import warnings\nfor _ in range(2): warnings.warn('careful')";
  for (const step of [1, 2])
    expect((await run(session, warn)).logs.match(/<step \d>:2: UserWarning: careful/g)).toEqual([`<step ${step}>:2: UserWarning: careful`]);
});

test("ends with the final answer, whatever the code does with it", async () => {
  await using session = await openSession();
  expect(await run(session, "final_answer({'n': (1, 2)})\nprint('after')")).toMatchObject({
    logs: "",
    error: undefined,
    finalAnswer: { value: { n: {} } },
  });
  const swallowed = await run(session, "try:\n    final_answer(1)\nexcept BaseException:\n    pass\nfinal_answer(2)");
  expect(swallowed).toMatchObject({ finalAnswer: { value: 1 } });
  const raising = await run(session, "try:\n    final_answer(answer=[3])\nfinally:\n    1/0");
  expect(raising).toMatchObject({ finalAnswer: { value: [3] }, error: { name: "ZeroDivisionError" } });
  expect(await run(session, "end = final_answer\nend(None)")).toMatchObject({ finalAnswer: { value: null } });
  expect((await run(session, "1")).finalAnswer).toBeUndefined();
});

test("shows what objects show of themselves", async () => {
  await using session = await openSession();
  const code =
    "class P:\n    def _repr_png_(self): return b'\\x89PNG'\n    def _repr_html_(self): return '<b>x</b>'\n    def __repr__(self): return 'P'\ndisplay(P())\nP()";
  const shown = { "image/png": "iVBORw==", "text/html": "<b>x</b>", "text/plain": "P" };
  expect((await run(session, code)).outputs).toEqual([shown, shown]);
  const flood = await run(session, "for i in range(100): display(i)");
  expect(flood.outputs).toHaveLength(32);
  expect(flood.logs).toContain("showed too much");
});

test("gives code no input", async () => {
  await using session = await openSession();
  expect(await run(session, "input('? ')")).toMatchObject({ error: { name: "EOFError" } });
});

test("reports the interpreter's end through its code, and goes on with a fresh one", async () => {
  await using session = await openSession({ tools: [addition.signature], variables: { kept: 5 } });
  await run(session, "x = 1");
  expect(await run(session, "print('last words')\nimport os\nos._exit(3)")).toMatchObject({
    logs: "last words\n",
    stateLost: true,
    error: { name: "SessionDied", message: expect.stringContaining("exit code 3") },
  });
  expect(await run(session, "[kept, add(2, 2), 'x' in globals()]", addition.tools)).toMatchObject({ value: [5, 4, false], stateLost: false });
  expect((await run(session, "import ctypes\nctypes.string_at(0)")).error?.message).toContain("SIGSEGV");
  expect((await run(session, "import os\nos.kill(os.getpid(), 9)")).error?.name).toBe("SessionDied");
});

test("replaces a worker that dies while idle, and tells the next step", async () => {
  await using session = await openSession();
  const alarm = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.05)\nx = 1";
  expect(await run(session, alarm)).toMatchObject({ error: undefined, stateLost: false });
  await sleep(300);
  expect(await run(session, "'x' in globals()")).toMatchObject({ value: false, error: undefined, stateLost: true });
  expect(await run(session, "2")).toMatchObject({ value: 2, stateLost: false });
});

test("replaces a worker that ends before the first step without a word: there was no state to lose", async () => {
  const channels: ReturnType<typeof childChannel>[] = [];
  const connect = async () => {
    const channel = childChannel();
    channels.push(channel);
    return channel;
  };
  await using session = await openSession({ variables: { x: 41 } }, { connect });
  await channels[0]?.kill();
  await sleep(20);
  await session.bind({ variables: { y: 1 } });
  expect(await run(session, "x + y")).toMatchObject({ value: 42, stateLost: false });
  await channels[1]?.kill();
  await sleep(20);
  expect(await run(session, "x + y")).toMatchObject({ value: 42, stateLost: true });
  await using other = await openSession({}, { connect });
  await other.putFile?.("codelet-put.tmp", new Uint8Array(1));
  rmSync("codelet-put.tmp"); // these workers have no folder of their own
  await channels.at(-1)?.kill();
  await sleep(20);
  expect(await run(other, "1")).toMatchObject({ value: 1, stateLost: true });
});

test("gives up a worker that doesn't answer a binding", async () => {
  await using session = await openSession({}, { readyTimeoutMs: 2_000 });
  await run(session, "import os, signal, threading\nthreading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()");
  await sleep(200);
  const late = { code: "executor-crashed", message: expect.stringContaining("did not answer in 2000 ms") };
  await expect(session.bind({ variables: { x: 1 } })).rejects.toMatchObject(late);
  session.start("1");
  await expect(session.next()).rejects.toMatchObject(late);
});

test("takes the answer to a binding among what threads send", async () => {
  await using session = await openSession();
  const code = "import threading\ndef show():\n    while going: display('x')\ngoing = True\nt = threading.Thread(target=show)\nt.start()";
  await run(session, code);
  for (let count = 0; count < 50; count++) await session.bind({ variables: { x: count } });
  expect(await run(session, "going = False\nt.join()\nx")).toMatchObject({ value: 49 });
});

test("rejects when the worker can't be replaced", async () => {
  let attempts = 0;
  const connect = async (): Promise<ReturnType<typeof childChannel>> => {
    if (attempts++ > 0) throw new Error("no more");
    return childChannel();
  };
  await using other = await openSession({}, { connect });
  expect((await run(other, "import os\nos._exit(0)")).stateLost).toBe(true);
  await expect(run(other, "1")).rejects.toMatchObject({ code: "executor-crashed" });
  await expect(run(other, "1")).rejects.toMatchObject({ code: "executor-crashed" });
});

test("is used in order, and not after disposal", async () => {
  const session = await openSession();
  await expect(session.next()).rejects.toMatchObject({ code: "configuration" });
  session.start("1");
  expect(() => session.start("2")).toThrow(expect.objectContaining({ code: "configuration" }));
  await expect(session.bind({})).rejects.toMatchObject({ code: "configuration" });
  await session.next();
  session.start("import time; time.sleep(60)");
  const step = session.next();
  step.catch(() => {});
  await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
  await expect(step).rejects.toMatchObject({ code: "aborted" });
  expect(() => session.start("1")).toThrow(expect.objectContaining({ code: "configuration" }));
});

test("leaves nothing running when it is aborted while it opens", async () => {
  const controller = new AbortController();
  const channels: ReturnType<typeof childChannel>[] = [];
  const opening = openSession(
    { signal: controller.signal },
    {
      connect: async () => {
        const channel = childChannel();
        channels.push(channel);
        controller.abort();
        return channel;
      },
    },
  );
  await expect(opening).rejects.toMatchObject({ code: "aborted" });
  expect(channels[0]?.child.signalCode).toBe("SIGKILL");
});

test("refuses variables that the sandbox can't build, and stays usable", async () => {
  await using session = await openSession();
  const { pythonType } = await import("@codelet/core");
  const broken = { [pythonType]: "decimal", text: "not a number" } as const;
  await expect(session.bind({ variables: { d: broken } })).rejects.toMatchObject({ code: "value" });
  expect(await run(session, "1 + 1")).toMatchObject({ value: 2 });
});

test("refuses code that is too long", async () => {
  await using session = await openSession({}, { limits: { maxCodeBytes: 1000 } });
  expect(await run(session, `'${"é".repeat(600)}'`)).toMatchObject({ error: { name: "ValueError" }, stateLost: false });
});

test("seeds random", async () => {
  const draw = async (seed: string): Promise<unknown> => {
    await using session = await openSession({ seed });
    return (await run(session, "import random\nrandom.random()")).value;
  };
  expect(await draw("a")).toBe(await draw("a"));
  expect(await draw("a")).not.toBe(await draw("b"));
});
