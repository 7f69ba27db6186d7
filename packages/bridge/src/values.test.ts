import { type Json, pythonFloat, pythonType, type Value } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { isMissing } from "./testing/is-missing.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const full = process.env.CODELET_FULL === "1";
type Session = Awaited<ReturnType<typeof openSession>>;
let session: Session;

beforeAll(async () => {
  session = await openSession({ tools: [signature("give"), signature("take", { x: {} })] }, { limits: { maxCallsPerStep: 1_000_000 } });
});
afterAll(() => session[Symbol.asyncDispose]());

/** What the value is in the sandbox, and what comes back. */
async function through(value: Value, code = "r"): Promise<Value> {
  const execution = await run(session, `r = give()\n${code}`, { give: () => value });
  if (execution.error !== undefined) throw new Error(execution.error.traceback ?? execution.error.message);
  return execution.value;
}

const isoDate = fc
  .date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString());
const float = fc.double().map((value) => (Number.isSafeInteger(value) && !Object.is(value, -0) ? pythonFloat(value) : value));
const hashable = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.maxSafeInteger(),
  fc.constant(null),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }),
  fc.uint8Array({ maxLength: 5 }).map((array) => Uint8Array.from(array)),
);
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  float,
  fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }).filter((value) => value > 2n ** 53n || value < -(2n ** 53n)),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)) }),
  fc.uint8Array({ maxLength: 50 }).map((array) => Uint8Array.from(array)),
  isoDate.map((text): Value => ({ [pythonType]: "datetime", text: text.replace(/\.\d+Z/, "+00:00") })),
  isoDate.map((text): Value => ({ [pythonType]: "date", text: text.slice(0, 10) })),
  isoDate.map((text): Value => ({ [pythonType]: "time", text: text.slice(11, 19) })),
  fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.nat(86_399), fc.nat(999_999))
    .map(([days, seconds, microseconds]): Value => ({ [pythonType]: "timedelta", days, seconds, microseconds })),
  fc.tuple(fc.bigInt(), fc.integer({ min: -20, max: 20 })).map(
    ([digits, exponent]): Value => ({
      [pythonType]: "decimal",
      text: exponent === 0 ? `${digits}` : `${digits}E${exponent > 0 ? "+" : ""}${exponent}`,
    }),
  ),
);
const { tree } = fc.letrec<{ tree: Value }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$type", "__proto__", "constructor")), tie("tree"), { maxKeys: 4, noNullPrototype: false }),
    fc.array(tie("tree"), { maxLength: 3 }).map((items): Value => ({ [pythonType]: "tuple", items })),
    fc.uniqueArray(hashable, { maxLength: 1 }).map((items): Value => ({ [pythonType]: "frozenset", items })),
    fc.uniqueArray(hashable, { maxLength: 1 }).map((items): Value => ({ [pythonType]: "set", items })),
    fc
      .uniqueArray(fc.tuple(hashable, tie("tree")), { maxLength: 3, selector: ([key]) => JSON.stringify(encodeValue(key)) })
      .map((entries): Value => ({ [pythonType]: "dict", entries: [[1, null] as const, ...entries.filter(([key]) => key !== 1)] })),
  ),
}));

/** Decimals and floats have more than one spelling; the rest has one. */
function canonical(value: Value): Json {
  return JSON.parse(
    JSON.stringify(encodeValue(value), (_, json: unknown) => {
      const tagged = json as { $type?: unknown; value?: unknown } | null;
      if (tagged?.$type === "float" && Number.isFinite(Number(tagged.value)))
        return { ...tagged, value: Object.is(Number(tagged.value), -0) ? "-0" : Number(tagged.value) };
      if (tagged?.$type === "decimal") return { ...tagged, value: decimal(String(tagged.value)) };
      return json;
    }),
  ) as Json;
}

function decimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:E([+-]?\d+))?$/.exec(text) ?? [];
  return `${sign}${BigInt(whole + fraction)}e${Number(exponent) - fraction.length}`;
}

test("carries values to Python and back unchanged", async () => {
  const runs = full ? 2_000 : 60;
  const batches = fc.sample(fc.array(tree, { minLength: 10, maxLength: 10 }), { numRuns: runs, seed: full ? Date.now() : 7 });
  for (const batch of batches) expect(canonical(await through(batch))).toEqual(canonical(batch));
});

test("carries what Python makes to the host and back unchanged", async () => {
  const code = `
import random, datetime, decimal, string
def make(rng, depth=0):
    kind = rng.randrange(18 if depth < 4 else 12)
    if kind == 0: return None
    if kind == 1: return rng.random() < .5
    if kind == 2: return rng.randrange(-2**53, 2**53)
    if kind == 3: return rng.randrange(-2**400, 2**400)
    if kind == 4: return rng.choice([0.0, -0.0, 1.5, 14.0, 1e300, -1e16, 5e-324, float('inf'), float('-inf'), rng.random(), rng.uniform(-1e20, 1e20)])
    if kind == 5: return ''.join(chr(rng.choice([65, 0, 10, 34, 92, 233, 0xdfff, 0x1f600, 0x7f, 0x2028])) for _ in range(rng.randrange(8)))
    if kind == 6: return bytes(rng.randrange(256) for _ in range(rng.randrange(9)))
    if kind == 7: return datetime.datetime(2000, 1, 1, tzinfo=rng.choice([None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=-3, minutes=30))])) + datetime.timedelta(microseconds=rng.randrange(10**17))
    if kind == 8: return datetime.date.fromordinal(rng.randrange(1, 3652059))
    if kind == 9: return datetime.timedelta(microseconds=rng.randrange(-10**17, 10**17))
    if kind == 10: return decimal.Decimal(rng.randrange(-10**30, 10**30)).scaleb(rng.randrange(-20, 20))
    if kind == 11: return datetime.time(rng.randrange(24), rng.randrange(60), rng.randrange(60), rng.randrange(10**6))
    if kind == 12: return [make(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 13: return tuple(make(rng, depth + 1) for _ in range(rng.randrange(5)))
    if kind == 14: return {rng.choice(['a', '$type', '__proto__', 'é', '', 'then']): make(rng, depth + 1) for _ in range(rng.randrange(4))}
    if kind == 15: return {rng.choice([1, True, None, (1, 'x'), b'k', 2.5, 'k', frozenset([3])]): make(rng, depth + 1) for _ in range(rng.randrange(4))}
    if kind == 16: return set(rng.sample(range(100), rng.randrange(5)))
    return frozenset(rng.sample(['x', 'y', None, 1.5], rng.randrange(4)))
def same(a, b):
    if type(a) is not type(b): return False
    if isinstance(a, dict): return list(map(type, a)) == list(map(type, b)) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)): return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b) if not isinstance(a, (set, frozenset)) else a == b
rng = random.Random(seed)
bad = []
for _ in range(count):
    value = make(rng)
    back = take(value)
    if not same(value, back): bad.append((repr(value), repr(back)))
bad[:3]`;
  await session.bind({ variables: { seed: full ? Date.now() : 11, count: full ? 20_000 : 600 } });
  const execution = await run(session, code, { take: (x) => decodeValue(JSON.parse(JSON.stringify(encodeValue(x)))) }, { timeoutMs: 300_000 });
  expect(execution).toMatchObject({ error: undefined, value: [] });
});

describe("single values", () => {
  test("integers beyond CPython's own limit on text", async () => {
    for (const exponent of [599, 600, 601, 4299, 4300, 5000, 30_000]) {
      const value = 10n ** BigInt(exponent) + 7n;
      expect(await through(value, `r == 10**${exponent} + 7 and r`)).toBe(value);
      expect(await through(-value, `r == -(10**${exponent} + 7) and r`)).toBe(-value);
    }
    expect((await run(session, "x = 1 << 400_000\ntake(x)")).error?.name).toBe("ValueError");
  });

  test.each([
    ["an integral float", pythonFloat(14), "[type(r).__name__, str(r)]", ["float", "14.0"]],
    ["an int", 14, "[type(r).__name__, str(r)]", ["int", "14"]],
    ["negative zero", -0, "str(r)", "-0.0"],
    ["a float beyond 2^53", 1e300, "[type(r).__name__, r]", ["float", 1e300]],
    ["our own tag", { $type: "bytes", value: "x" }, "sorted(r.items())", undefined],
    ["an opaque object", { [pythonType]: "opaque", type: "T", repr: "<T>" } as Value, "r", { type: "T", repr: "<T>" }],
  ])("%s", async (_, value, code, expected) => {
    const got = await through(value, code);
    if (expected !== undefined) expect(got).toEqual(expected);
    else expect(JSON.stringify(encodeValue(got))).toContain('["$type","bytes"]'.slice(1, -1).split(",")[0]);
  });

  test.each([
    ["a namedtuple", "import collections\ncollections.namedtuple('P', 'x y')(1, 2)", { [pythonType]: "tuple", items: [1, 2] }],
    ["an IntEnum", "import enum\nclass E(enum.IntEnum): A = 3\nE.A", 3],
    ["a str enum", "import enum\nclass E(str, enum.Enum): A = 'a'\nE.A", "a"],
    [
      "an ordered dict",
      "import collections\nd = collections.OrderedDict(a=1, b=2)\nd.move_to_end('a')\nlist(d.items()) == list(dict(take(d)).items())",
      true,
    ],
    [
      "a defaultdict and a Counter",
      "import collections\n[collections.defaultdict(int, a=1), collections.Counter('aab')]",
      [{ a: 1 }, { a: 2, b: 1 }],
    ],
    ["a bytearray and a memoryview", "[bytearray(b'a'), memoryview(b'abc')[::2]]", [Uint8Array.of(97), Uint8Array.of(97, 99)]],
    ["a dataclass", "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\nP(1)", { [pythonType]: "opaque", type: "P", repr: "P(x=1)" }],
    ["a function", "def f(): pass\nf", { type: "function" }],
    ["an object of a module", "import re\nre.compile('a')", { type: "re.Pattern" }],
    [
      "an object whose repr raises",
      "class R:\n    def __repr__(self): raise KeyError('x')\n[R()]",
      [{ type: "R", repr: "<R whose repr() raised KeyError>" }],
    ],
    ["an object whose repr is no text", "class R:\n    def __repr__(self): return 5\nR()", { repr: "<R whose repr() raised TypeError>" }],
    [
      "an object with a long repr",
      "class R:\n    def __repr__(self): return 'x' * 100_000\n[len(take(R())['repr']), take(R())['repr'][9_999:]]",
      [10_027, "x... (90000 more characters)"],
    ],
  ])("%s", async (_, code, expected) => {
    const { value, error } = await run(session, code, { take: (x) => x });
    expect(error).toBeUndefined();
    if (typeof expected === "object") expect(value).toMatchObject(expected);
    else expect(value).toEqual(expected);
  });

  test("media, where there is no PIL for it", async () => {
    const sound = { mediaType: "audio/wav", data: Uint8Array.of(1, 2) };
    expect(await through(sound, "[r.media_type, r.data, r]")).toEqual(["audio/wav", sound.data, sound]);
  });
});

describe.skipIf(isMissing("numpy"))("numpy (SKIPPED where python3 has none)", () => {
  test.each(["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", ">i4", ">f8"])(
    "carries arrays of %s",
    async (dtype) => {
      const code = `import numpy as np\na = np.array([[0, 1, 1], [1, 0, 1]]).astype('${dtype}')\nb = take(a)\n[b.dtype == a.dtype.newbyteorder('='), b.shape == a.shape, bool((a == b).all()), b.flags.writeable, take(a.T).tolist() == a.T.tolist()]`;
      expect((await run(session, code, { take: (x) => x })).value).toEqual([true, true, true, true, true]);
    },
  );

  test("carries scalars, other arrays and special shapes", async () => {
    const code =
      "import numpy as np\n[np.int64(5), np.float64(2.5), np.float32(0.5), np.bool_(True), np.array(['a', 'b']), np.array([1, 'x', None], dtype=object), np.array(5), np.zeros((0, 3)), np.float16(1.5)]";
    const { value } = await run(session, code);
    expect(value).toMatchObject([5, 2.5, 0.5, true, ["a", "b"], [1, "x", null], { dtype: "int64", shape: [] }, { shape: [0, 3] }, 1.5]);
    expect((await run(session, "take(np.array(5)).shape, take(np.zeros((0, 3))).shape", { take: (x) => x })).value).toMatchObject({
      items: [{ items: [] }, { items: [0, 3] }],
    });
  });

  test("dates and durations that Python has none for are described, not bare numbers", async () => {
    const code =
      "import numpy as np\n[np.datetime64('10000-01-01'), np.timedelta64(1, 'Y'), np.array(['2024-01-01', '-0001-01-01', 'NaT'], 'datetime64[D]'), np.array([[1]], 'timedelta64[M]')]";
    expect((await run(session, code)).value).toMatchObject([
      { repr: "numpy.datetime64('10000-01-01')" },
      { repr: "numpy.timedelta64(1,'Y')" },
      [{ text: "2024-01-01" }, { repr: "numpy.datetime64('-001-01-01')" }, null],
      [[{ repr: "numpy.timedelta64(1,'M')" }]],
    ]);
  });
});

describe.skipIf(isMissing("pandas"))("pandas (SKIPPED where python3 has none)", () => {
  test("carries frames with their types, index and odd column names", async () => {
    const code = `import pandas as pd, datetime
df = pd.DataFrame({'n': [1, 2], 'f': [1.0, None], 's': ['a', None], 't': pd.to_datetime(['2024-01-01', '2024-01-02']), 3: [True, False]}, index=['x', 'y'])
back = take(df)
[list(back.columns) == list(df.columns), [str(t) for t in back.dtypes] == [str(t) for t in df.dtypes], list(back.index), back.equals(df)]`;
    const { value, error } = await run(session, code, { take: (x) => x });
    expect(error).toBeUndefined();
    expect(value).toEqual([true, true, ["x", "y"], true]);
    expect((await run(session, "take(pd.Series([1, 2]))", { take: (x) => x })).value).toEqual([1, 2]);
    expect((await run(session, "take(pd.DataFrame([[1, 2]], columns=['a', 'a'])).shape", { take: (x) => x })).value).toMatchObject({ items: [1, 2] });
  });

  test("carries columns with a time zone, and labels of several levels", async () => {
    const code = `import pandas as pd
df = pd.DataFrame({'t': pd.to_datetime(['2024-01-01', None, '2024-07-01']).tz_localize('Europe/Berlin'), 'n': [1, 2, 3]}, index=pd.MultiIndex.from_tuples([('a', 1), ('a', 2), ('b', 1)]))
df.columns = pd.MultiIndex.from_tuples([('t', 'x'), ('n', 'y')])
back = take(df)
[back.equals(df), str(back.dtypes.iloc[0]), back.columns.nlevels, back.loc['a'].shape, take(df.iloc[:0]).dtypes.equals(df.dtypes)]`;
    const { value, error } = await run(session, code, { take: (x) => x });
    expect(error).toBeUndefined();
    expect(value).toMatchObject([true, "datetime64[ns, Europe/Berlin]", 2, { items: [2, 2] }, true]);
  });

  test("labels that can't cross are their text, which pandas can hash", async () => {
    const code = `import pandas as pd
df = pd.DataFrame({'a': [1, 5]}).groupby(pd.cut(pd.Series([1, 5]), [0, 2, 6])).sum()
back = take(df)
[back.loc[repr(df.index[0]), 'a'], take(df.T).shape]`;
    const { value, error } = await run(session, code, { take: (x) => x });
    expect(error).toBeUndefined();
    expect(value).toMatchObject([1, { items: [1, 2] }]);
  });

  test.each([
    ["'b', 'a', 'b'], dtype='category'", ["b", "a"]],
    ["'b', 'a', None], dtype='string'", ["b", "a", null]],
    ["2, None, 2], dtype='Int64'", [2, null]],
    ["True, None], dtype='boolean'", [true, null]],
    ["pd.Timestamp('2024-01-01', tz='UTC')]", [{ text: "2024-01-01T00:00:00+00:00" }]],
  ])("carries the unique values of [%s as a list", async (values, expected) => {
    expect((await run(session, `import pandas as pd\npd.Series([${values}).unique()`)).value).toMatchObject(expected);
  });
});

describe.skipIf(isMissing("PIL.Image"))("PIL (SKIPPED where python3 has none)", () => {
  test("carries images as PNG", async () => {
    const code =
      "import PIL.Image\ni = PIL.Image.new('RGB', (3, 2), (255, 0, 0))\nj = take(i)\n[j.size == i.size, j.getpixel((0, 0)) == (255, 0, 0), isinstance(j, PIL.Image.Image)]";
    let seen: Value = null;
    const { value } = await run(session, code, { take: (x) => (seen = x) });
    expect(value).toEqual([true, true, true]);
    expect(seen).toMatchObject({ mediaType: "image/png" });
  });
});
