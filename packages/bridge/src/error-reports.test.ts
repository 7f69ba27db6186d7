import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

test("reports errors in Python's words with the user's frames only", async () => {
  await using session = await openSession();
  await run(session, "def g():\n    return 1/0");
  const { error } = await run(session, "x = 1\n\ng()");
  expect(error).toMatchObject({ name: "ZeroDivisionError", message: "division by zero", line: 3 });
  expect(error?.traceback).toBe(
    'Traceback (most recent call last):\n  File "<step 2>", line 3, in <module>\n    g()\n  File "<step 1>", line 2, in g\n    return 1/0\nZeroDivisionError: division by zero',
  );
});

test("reads the last line as Python does: its number after any end of line, and no other space around it than Python's", async () => {
  await using session = await openSession();
  expect((await run(session, "a = 1\rb = 2\nmissing")).error).toMatchObject({ name: "NameError", line: 3 });
  expect((await run(session, "\n1 / 0")).error).toMatchObject({ line: 2, traceback: expect.stringContaining("line 2, in <module>\n    1 / 0") });
  expect((await run(session, "a\u3000")).error).toMatchObject({ name: "SyntaxError", line: 1 });
  await run(session, "import warnings\nwarnings.simplefilter('always')\nd = {}");
  expect((await run(session, "d\nd['\\d'] = 1")).logs.match(/invalid escape/g)).toHaveLength(1);
});

test("shows a name that the code compiled by, and none that a compiled library has for its sources", async () => {
  await using session = await openSession();
  const compiled = (name: string, scope: string) => `exec(compile("def f():\\n    return 1/0", "${name}", "exec"), ${scope})`;
  await run(session, `library = {"__file__": "/usr/lib/fast.so"}\n${compiled("fast/core.pyx", "library")}\n${compiled("mine.py", "globals()")}`);
  expect((await run(session, "library['f']()")).error?.traceback).not.toContain("fast/core.pyx");
  expect((await run(session, "f()")).error?.traceback).toContain('File "mine.py", line 2, in f');
});

test("shows each error of a chain once, also where it is its own cause", async () => {
  await using session = await openSession();
  const own = await run(session, "try:\n    1/0\nexcept Exception as error:\n    raise error from error");
  expect(own.error?.traceback?.match(/ZeroDivisionError/g)).toHaveLength(1);
  const ring = await run(session, "a, b = ValueError(), TypeError()\na.__context__, b.__context__ = b, a\nraise a");
  expect(ring.error?.traceback?.match(/ValueError$/gm)).toHaveLength(1);
});
