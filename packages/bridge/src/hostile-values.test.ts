import type { Value } from "@codelet/core";
import { describe, expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { isMissing } from "./testing/is-missing.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });
const tools = { echo: (x: Value): Value => x };

/** The step's outcome, after which the session must still work. */
async function outcome(code: string, limits: Readonly<Record<string, number>> = {}): ReturnType<typeof run> {
  await using session = await openSession({ tools: [echo] }, { limits });
  const execution = await run(session, code, tools, { timeoutMs: 30_000 });
  expect(await run(session, "40 + 1", tools)).toMatchObject({ value: 41, stateLost: false });
  return execution;
}

describe("what the host would refuse is described instead of sent", () => {
  test.each([
    ["an int of 100,001 digits", "10**100000", "int"],
    ["a negative int of 100,000 digits", "-(10**99999 * 9) - 5", "int"],
    ["a view of bytes that was released", "view = memoryview(b'a')\nview.release()\nview", "memoryview"],
    ["too many timedeltas", "from datetime import timedelta\n[timedelta(1)] * 900_000", "list"],
  ])("%s", async (_, code, type) => {
    expect((await outcome(code)).value).toMatchObject({ type });
  });

  test("an int of 100,000 digits still passes", async () => {
    expect((await outcome("10**100000 - 1")).value).toBe(10n ** 100_000n - 1n);
    expect((await outcome("1 - 10**99999")).value).toBe(1n - 10n ** 99_999n);
  });

  test.skipIf(isMissing("pandas"))("a frame of too many missing cells", async () => {
    const code = "import pandas as pd\npd.DataFrame({'a': pd.array([None] * 1200, dtype='Int64')})";
    expect((await outcome(code, { maxNodes: 2000 })).value).toMatchObject({ type: "pandas.core.frame.DataFrame" });
    expect((await outcome(code, { maxNodes: 3000 })).value).toMatchObject({ columns: [{ values: expect.any(Array) }] });
  });

  test.skipIf(isMissing("pandas"))("too many small frames", async () => {
    const frame = "pd.DataFrame(columns=pd.CategoricalIndex([], categories=[]), index=pd.MultiIndex.from_tuples([], names=[None] * 9))";
    expect((await outcome(`import pandas as pd\n[${frame}] * 3000`, { maxNodes: 10_000 })).value).toMatchObject({ type: "list" });
    expect((await outcome(`import pandas as pd\n[${frame}] * 300`, { maxNodes: 10_000 })).value).toMatchObject({ length: 300 });
  });

  test.skipIf(isMissing("numpy"))("too many small arrays", async () => {
    const code = "import numpy as np\n[np.zeros((1,) * 30)] * 3000";
    expect((await outcome(code, { maxNodes: 10_000 })).value).toMatchObject({ type: "list" });
  });
});

test("reads a subclass of Decimal by Decimal's own text, and a set while a repr adds to it", async () => {
  const decimal = "from decimal import Decimal\nclass Liar(Decimal):\n    def __str__(self): return 'no number'";
  expect((await outcome(`${decimal}\n[Liar('1.50'), echo(Liar('1.50')) == Decimal('1.5')]`)).value).toEqual([
    expect.objectContaining({ text: "1.50" }),
    true,
  ]);
  const set = "class Adds:\n    def __repr__(self): seen.add(len(seen)); return 'one'\nseen = {Adds()}\nseen";
  expect(await outcome(set)).toMatchObject({ value: { items: [{ repr: "one" }] }, error: undefined });
});

test("sends a value without its printed text when both are more than a frame", async () => {
  const limits = { maxFrameBytes: 200_000 };
  expect(await outcome("['x' * 190_000, '\\U0001F600' * 100]", limits)).toMatchObject({
    value: [expect.stringMatching(/^x{190000}$/), expect.anything()],
    valueText: undefined,
  });
  expect((await outcome("class E(Exception): pass\nraise E('\\U0001F600' * 10_000)", limits)).error).toMatchObject({ name: "E", message: "" });
});

test.each([
  ["notes", "e = Exception('x')\ne.__notes__ = ['n' * 200_000] * 20\nraise e"],
  ["a class name", "raise type('n' * 2_000_000, (Exception,), {})('x')"],
  ["a syntax error's message", "e = SyntaxError('x')\ne.filename, e.lineno, e.msg = '<step 1>', 1, 'm' * 2_000_000\nraise e"],
  ["a syntax error's file", "e = SyntaxError('x')\ne.filename, e.lineno = 'f' * 2_000_000, 1\nraise e"],
  ["a function's name", "def g(): raise ValueError('z')\ng.__code__ = g.__code__.replace(co_name='q' * 2_000_000)\ng()"],
  ["a source line", `raise ValueError('x') ${"#".repeat(200_000)}`],
])("cuts %s of any length", async (_, code) => {
  const { error } = await outcome(code);
  expect(error?.name.length).toBeLessThanOrEqual(1_000);
  expect(error?.message.length).toBeLessThan(10_100);
  expect(error?.traceback?.length).toBeLessThan(100_100);
});

test("cuts the type of an object that it can only describe", async () => {
  const { value } = await outcome("type('n' * 2_000_000, (), {'__module__': 'm' * 2_000_000, '__repr__': lambda self: 'r'})()");
  expect((value as { type: string }).type.length).toBeLessThan(2_100);
});

test.each(["0", "-5", "10**30", "2**31", "True", "None"])("takes line %s of a syntax error for none", async (line) => {
  const { error } = await outcome(`e = SyntaxError('x')\ne.filename, e.lineno = '<step 1>', ${line}\nraise e`);
  expect(error).toMatchObject({ name: "SyntaxError", line: 3 });
});

test("survives source whose encoding is unknown", async () => {
  expect((await outcome("compile(b'# coding: nope', '<step 1>', 'exec')")).error).toMatchObject({ name: "SyntaxError", line: 1 });
});

test("reads a timedelta by what it is", async () => {
  const code = "import datetime\nclass T(datetime.timedelta):\n    days = property(lambda s: 'x')\n    seconds = 10**30\n[T(1, 2, 3)]";
  expect((await outcome(code)).value).toMatchObject([{ days: 1, seconds: 2, microseconds: 3 }]);
});

test.skipIf(isMissing("numpy"))("reads an array by what it is", async () => {
  const code =
    "import numpy as np\nclass A(np.ndarray):\n    shape = property(lambda s: [-1])\n    dtype = None\n    tolist = None\nnp.zeros(3).view(A)";
  expect((await outcome(code)).value).toMatchObject({ dtype: "float64", shape: [3] });
});

test("calls a tool by its own name after code renamed it", async () => {
  expect((await outcome("echo.__name__ = 5\necho.__qualname__ = 'x'\necho(1)")).value).toBe(1);
});

test("describes a value whose integers would keep the host busy, and refuses it as an argument", async () => {
  await using session = await openSession({ tools: [echo] });
  expect((await run(session, "many = [10**99_000] * 600\nmany", tools)).value).toMatchObject({ type: "list" });
  expect((await run(session, "echo(many)", tools)).error).toMatchObject({ name: "ValueError", message: expect.stringContaining("1000000 digits") });
  expect(await run(session, "echo(10**99_000) == 10**99_000", tools)).toMatchObject({ value: true });
});

describe.skipIf(isMissing("pandas"))("missing values", () => {
  test.each([
    ["alone", "pd.NaT, pd.NA, pd.Timestamp('nat')", { items: [null, null, null] }],
    ["in lists and dicts", "[[pd.NaT], {'a': pd.NaT}]", [[null], { a: null }]],
    [
      "in records of a frame",
      "pd.DataFrame({'t': pd.to_datetime(['2024-01-01', None])}).to_dict('records')",
      [{ t: { text: "2024-01-01T00:00:00" } }, { t: null }],
    ],
    [
      "in frames",
      "pd.DataFrame({'t': pd.to_datetime([None]), 'o': pd.Series([pd.NaT], dtype=object), 'd': pd.to_timedelta([None])})",
      { columns: [{ values: [null] }, { values: [null] }, { values: [null] }] },
    ],
    ["in series", "pd.Series(pd.to_datetime(['2024-01-01', None]))", [{ text: "2024-01-01T00:00:00" }, null]],
    [
      "in arrays",
      "np.array(['2024-01-01', 'NaT'], dtype='datetime64[ns]'), np.datetime64('NaT')",
      { items: [[{ text: "2024-01-01T00:00:00" }, null], null] },
    ],
    ["in arrays without dimensions", "np.array(None), np.array('NaT', dtype='datetime64[D]')", { items: [null, null] }],
    ["in masked arrays", "np.ma.array([1, 2], mask=[True, False]), np.ma.masked", { items: [[null, 2], null] }],
  ])("%s are null", async (_, code, expected) => {
    expect((await outcome(`import pandas as pd, numpy as np\n${code}`)).value).toMatchObject(expected);
  });

  test("reads dates and durations in nanoseconds as what they are", async () => {
    const code =
      "import numpy as np\na = np.array(['2024-01-02T03:04:05'], dtype='datetime64[ns]')\n[a, a[0], a - a, (a - a)[0], a.astype('datetime64[D]')]";
    const date = { text: "2024-01-02T03:04:05" };
    const none = { days: 0, seconds: 0, microseconds: 0 };
    expect((await outcome(code)).value).toMatchObject([[date], date, [none], none, [{ text: "2024-01-02" }]]);
  });
});
