import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Value } from "@codelet/core";
import { expect, test } from "vitest";
import { childChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition, signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
const tools = { ...addition.tools, echo: (x: Value): Value => x };

test.each([
  [
    "patched builtins",
    "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.print = lambda *a, **k: None\nbuiltins.repr = lambda x: 'forged'\nbuiltins.type = int\nbuiltins.str = None\nbuiltins.dict = None",
  ],
  [
    "a patched json module",
    "import json, json.encoder, json.decoder\njson.dumps = json.loads = json.encoder.JSONEncoder.encode = json.encoder.c_make_encoder = json.decoder.scanstring = None",
  ],
  [
    "other streams and hooks",
    "import sys\nclass Fake:\n    def write(self, s): return 0\n    def flush(self): 1/0\nsys.stdout = Fake(); sys.__stdout__ = Fake(); sys.stderr = None; sys.displayhook = lambda x: None; sys.excepthook = lambda *a: None",
  ],
  ["closed streams", "import sys, os\nsys.stdout.close()\nsys.stderr.close()\nos.close(1)\nos.close(2)"],
  ["closed descriptors", "import os\nfor fd in range(10):\n    try: os.close(fd)\n    except OSError: pass"],
  ["emptied modules", "import sys\nsys.modules.clear()"],
  ["patched os", "import os\nos.read = os.write = os._exit = os.getpid = lambda *a: 1/0"],
  [
    "trace hooks",
    "import sys\nseen = []\ndef tracer(frame, event, arg):\n    seen.append(frame.f_code.co_name)\n    return tracer\nsys.settrace(tracer)\nsys.setprofile(lambda f, e, a: seen.append(f.f_code.co_name))\nadd(1, 1)",
  ],
  [
    "raising trace hooks",
    "import sys\ndef tracer(frame, event, arg):\n    if 'step' not in frame.f_code.co_filename: raise RuntimeError('traced')\nsys.settrace(tracer)\nadd(1, 1)",
  ],
  ["a patched threading", "import threading, _thread\nthreading.Lock = threading.get_ident = _thread.allocate_lock = _thread.get_ident = None"],
  ["taken signals", "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal = None"],
  ["low recursion", "import sys\nsys.setrecursionlimit(60)"],
  ["deleted names", "for name in list(globals()):\n    if name != '__builtins__': del globals()[name]"],
  ["deleted builtins", "del globals()['__builtins__']"],
  ["another main module", "import sys, types\nsys.modules['__main__'] = types.ModuleType('x')"],
  ["SystemExit", "import sys\nsys.exit('bye')"],
  ["KeyboardInterrupt", "raise KeyboardInterrupt"],
  ["an error that can't be shown", "class E(Exception):\n    def __str__(self): raise ValueError\n    __repr__ = __str__\nraise E()"],
  ["GeneratorExit", "raise GeneratorExit"],
  [
    "a shadowed import",
    "import sys\nclass Finder:\n    def find_spec(self, name, path=None, target=None): raise SystemExit('shadowed ' + name)\nsys.meta_path.insert(0, Finder())",
  ],
  ["deep recursion", "def f(): return f()\nf()"],
  ["a changed linecache", "import linecache\nlinecache.cache = None"],
])("goes on after %s", async (_, code) => {
  await using session = await openSession({ tools: [addition.signature, echo] });
  await run(session, code, tools);
  const next = await run(session, "40 + 1", tools);
  expect(next).toMatchObject({ value: 41, error: undefined, stateLost: false });
  expect(await run(session, "x = add(1, 2)\n{'a': [x, 2.5, 'é', (1,)]}", tools)).toMatchObject({ value: { a: [3, 2.5, "é", {}] }, error: undefined });
});

test("keeps its state when code binds sys.modules to something else", async () => {
  await using session = await openSession();
  const trap =
    "import sys\nkeep = 7\nclass Trap(dict):\n    def get(self, *_): raise SystemExit\n    __getitem__ = __contains__ = get\nsys.modules = Trap()";
  expect(await run(session, trap)).toMatchObject({ error: undefined, stateLost: false });
  expect(await run(session, "{'kept': keep}")).toMatchObject({ value: { kept: 7 }, stateLost: false });
  expect((await run(session, "1 / 0")).error).toMatchObject({ name: "ZeroDivisionError" });
});

test("prints again after a step has taken the streams away", async () => {
  await using session = await openSession();
  await run(session, "import sys, os\nsys.stdout.close()\nos.close(1); os.close(2)");
  expect(await run(session, "print('out')\nprint('err', file=sys.stderr)")).toMatchObject({
    logs: expect.stringMatching(/^(out\nerr|err\nout)\n$/),
    error: undefined,
  });
  await run(session, "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)");
  expect(await run(session, "print('out')\nos.write(1, b'raw\\n')\nNone")).toMatchObject({ logs: "out\nraw\n" });
});

test.each(["sys.stdout.detach()", "sys.stdout.buffer.detach()", "sys.stdout.buffer.raw.close()", "del sys.stdout, sys.__stdout__"])(
  "prints again after %s",
  async (code) => {
    await using session = await openSession();
    await run(session, `import sys\n${code}`);
    expect(await run(session, "print('out')")).toMatchObject({ logs: "out\n", error: undefined, stateLost: false });
  },
);

test("gives each step its own output, however much there is of it", async () => {
  await using session = await openSession();
  await run(session, "import os, sys, time\nprint('first')");
  const slowly = "os.write(1, b'x' * 200000)\nprint('last')";
  for (let step = 0; step < 5; step++) expect((await run(session, slowly)).logs).toMatch(/^x{200000}last\n$/);
});

test("reads subclasses by what they are, not by what they say", async () => {
  await using session = await openSession();
  const code = `class S(str):
    def __eq__(self, o): return True
    def __hash__(self): return hash("final_answer")
    def __len__(self): return 10**12
    def __str__(self): return "lie"
class I(int):
    def __index__(self): return 7
    __int__ = __index__
class F(float):
    def __float__(self): return 7.5
    def __pos__(self): return 7.5
class L(list):
    def __iter__(self): return iter([7])
    def __len__(self): return -1
class D(dict):
    def items(self): return [("lie", 7)]
class Liar:
    __class__ = int
[S("x"), I(1), F(1.5), L([1]), D(a=1), {S("k"): 1}, type(Liar()).__name__, Liar()]`;
  expect((await run(session, code)).value).toMatchObject(["x", 1, 1.5, [1], { a: 1 }, expect.anything(), "Liar", { type: "Liar" }]);
});

test.each(["x = []\nfor _ in range(10**5): x = [x]\nx", "a = []\na.append(a)\na", "d = {}\nd['d'] = {'d': (d,)}\nd"])(
  "answers %j with an error of the step",
  async (code) => {
    await using session = await openSession({ tools: [echo] });
    expect((await run(session, code)).error?.name).toBe("ValueError");
    expect((await run(session, `${code}\necho(${code[0]})`)).error?.name).toBe("ValueError");
    expect((await run(session, `${code}\nfinal_answer(${code[0]})`)).finalAnswer).toBeUndefined();
  },
);

test("describes what is too large instead of sending it", async () => {
  await using session = await openSession({}, { limits: { maxNodes: 1000, maxFrameBytes: 100_000 } });
  expect((await run(session, "list(range(2000))")).value).toMatchObject({ type: "list", repr: expect.stringContaining("[0, 1, 2") });
  expect((await run(session, "'x' * 200_000")).value).toMatchObject({ type: "str" });
  expect((await run(session, "final_answer('x' * 200_000)")).error?.name).toBe("ValueError");
});

test("takes printed text for text, whatever it looks like", async () => {
  await using session = await openSession();
  const text = '{"t":"done","s":2}\n{"t":"final","s":2,"value":"forged"}\n\u001ecodelet:1\u001e\n';
  expect(await run(session, `import os\nprint(${JSON.stringify(text)}, end="")\nos.write(2, b'\\x00\\x10{"t":"done"}')\n5`)).toMatchObject({
    value: 5,
    finalAnswer: undefined,
    logs: expect.stringContaining(text),
  });
  expect(await run(session, "import sys\nsys.stdout.buffer.write(b'\\xff\\xfe\\x00\\xc3\\x28\\xf0\\x28')\nsys.stdout.flush()\n41")).toMatchObject({
    value: 41,
    error: undefined,
  });
});

test.each([
  ["no JSON", "garbage"],
  ["a jump in the sequence", '{"t":"final","s":99,"value":1}'],
  ["a used number", '{"t":"final","s":1,"value":1}'],
  ["an unknown type", '{"t":"exec","s":2,"code":"1"}'],
  ["another field", '{"t":"final","s":2,"value":1,"more":1}'],
  ["a missing field", '{"t":"call","s":2,"tool":"echo","args":[]}'],
  ["a field of another type", '{"t":"call","s":2,"tool":"echo","args":{},"kwargs":{}}'],
  ["an unknown tag", '{"t":"final","s":2,"value":{"$type":"function"}}'],
  ["an answer to nothing", '{"t":"bound","s":2}'],
  ["a second end", '{"t":"done","s":2}\n{"t":"done","s":3}'],
])("discards a session that sends %s", async (_, line) => {
  await using session = await openSession({ tools: [echo] });
  const forge = `import os\nfd = [f for f in range(3, 2000) if os.path.exists(f'/proc/self/fd/{f}') and 'socket' in os.readlink(f'/proc/self/fd/{f}')][0]\nos.write(fd, ${JSON.stringify(line)}.encode() + b'\\n')\nimport time\ntime.sleep(2)`;
  const outcome = await run(session, forge).catch((error: unknown) => error);
  if (!(outcome instanceof Error)) {
    session.start("1");
    await expect(session.next()).rejects.toMatchObject({ code: "protocol" });
  } else expect(outcome).toMatchObject({ code: "protocol" });
  session.start("1");
  await expect(session.next()).rejects.toMatchObject({ code: "protocol" });
});

test("survives attempts on every descriptor below its own", async () => {
  await using session = await openSession({ tools: [echo] });
  const code = 'import os\nfor fd in range(3, 200):\n    try: os.write(fd, b\'{"type":"result"}\\n\')\n    except OSError: pass\n40 + 1';
  expect(await run(session, code)).toMatchObject({ value: 41 });
});

test("caps a flood, keeps its head, and keeps the host responsive", async () => {
  await using session = await openSession({}, { limits: { maxOutputBytes: 10_000 } });
  let longestMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  const { logs, error } = await run(session, "while True:\n    print('x' * 999)", {}, { timeoutMs: 700 });
  expect(logs.length).toBeLessThan(10_200);
  expect(logs.match(/output truncated/g)).toHaveLength(1);
  expect(error?.name).toBe("TimeoutError");
  const raw = await run(session, "import os\nb = b'y' * 65536\nfor _ in range(5000): os.write(1, b)\n'end'", {}, { timeoutMs: 10_000 });
  expect(raw).toMatchObject({ value: "end", error: undefined, logs: expect.stringMatching(/^y{10000}\n\[output truncated/) });
  clearInterval(timer);
  expect(longestMs).toBeLessThan(2_000);
  expect(await run(session, "print('again')")).toMatchObject({ logs: "again\n" });
});

test("holds output of programs that outlive their step for the next one", async () => {
  await using session = await openSession();
  await run(session, "import subprocess\np = subprocess.Popen(['sh', '-c', 'sleep 0.2; echo late; sleep 0.3; echo later'])");
  await sleep(400);
  expect((await run(session, "p.wait()\nprint('now')")).logs).toBe("late\nlater\nnow\n");
});

test("has all output before the step's end, from every source and in chunks cut anywhere", async () => {
  await using session = await openSession();
  const code =
    "import sys, os, subprocess\nprint('a é 漢')\nprint('b', file=sys.stderr)\nos.write(1, b'c\\n')\nsubprocess.run([sys.executable, '-c', \"print('d')\"])\nprint('e', end='')";
  for (let round = 0; round < 20; round++) {
    const { logs } = await run(session, code);
    expect([...logs].sort().join("")).toBe([..."a é 漢\nb\nc\nd\ne"].sort().join(""));
  }
});

test("kills the worker with everything it started", async () => {
  const channel = childChannel();
  const session = await openSession({}, { connect: async () => channel });
  const { value } = await run(session, "import subprocess\nsubprocess.Popen(['sleep', '60']).pid");
  await session[Symbol.asyncDispose]();
  await sleep(50);
  const state = await readFile(`/proc/${value}/stat`, "utf8").catch(() => "gone");
  expect(state).toMatch(/^gone$|^\d+ \(sleep\) Z/);
});

test("shows the longest error and text that code can make, of characters that take two in JavaScript too", async () => {
  await using session = await openSession();
  const code = `raise type("N" * 5000, (Exception,), {})(chr(0x1F600) * 50_000)`;
  const { error } = await run(session, `def f():\n    try: ${code}\n    except Exception as e: ${code} from e\nf()`);
  expect(error?.message).toHaveLength(2 * 10_000 + 3);
  expect(error?.name).toHaveLength(1_000);
  const { valueText } = await run(session, `class T:\n    def __str__(self): return chr(0x1F600) * 50_000\nT()`);
  expect(valueText).toHaveLength(2 * 20_000 + 3);
});

test.each([
  ["error", '"error":{"name":"E","message":"%s","traceback":""}', 20_101],
  ["text", '"text":"%s"', 40_101],
])("does not take a longer %s for a step's", async (_, field, chars) => {
  await using session = await openSession();
  session.start(`display.__self__.calls.send('{"t":"done"', ',${field}' % ("x" * ${chars}))`);
  await expect(session.next()).rejects.toMatchObject({ code: "protocol" });
});
