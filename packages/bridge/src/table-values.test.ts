import { plainValue, type Value } from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { isMissing } from "./testing/is-missing.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const tools = { take: (x: Value): Value => decodeValue(JSON.parse(JSON.stringify(encodeValue(x)))) };

let session: Awaited<ReturnType<typeof openSession>>;
beforeAll(async () => {
  session = await openSession({ tools: [signature("take", { x: {} })] });
});
afterAll(() => session[Symbol.asyncDispose]());

/** Python's own comparison of a table with what comes back of it; null where they are the same. */
async function difference(frame: string): Promise<Value> {
  const code = `import numpy as np, pandas as pd
frame = ${frame}
back = take(frame)
try:
    pd.testing.assert_frame_equal(frame, back, check_freq=False)
    kinds = lambda one: (list(one.index.names), list(one.columns.names), one.index.dtype, type(one.columns[:0].tolist()))
    result = None if kinds(frame) == kinds(back) else f"{kinds(frame)} {kinds(back)}"
except AssertionError as error:
    result = str(error)
result`;
  const { value, error } = await run(session, code, tools);
  return error === undefined ? value : (error.traceback ?? error.message);
}

test.skipIf(isMissing("pandas")).each([
  ["an index with a name", "pd.DataFrame({'x': [1, 2]}, index=pd.Index(['a', 'b'], name='key'))"],
  ["what groupby gives", "pd.DataFrame({'k': ['a', 'b', 'a'], 'n': [1, 2, 3], 'x': [1.5, 2, 3]}).groupby(['k', 'n']).sum()"],
  ["what a pivot gives", "pd.DataFrame({'k': ['a', 'b'], 'n': [1, 2], 'x': [3, 4]}).pivot(index='k', columns='n', values='x')"],
  ["columns of two levels with names", "pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([('a', 1), ('a', 2)], names=['l', None]))"],
  ["ordered categories, one of them unused", "pd.DataFrame({'c': pd.Categorical(['b', 'a', None], categories=['c', 'b', 'a'], ordered=True)})"],
  ["categories that are numbers or dates", "pd.DataFrame({'n': pd.Categorical([3, 1]), 'd': pd.Categorical(pd.to_datetime(['2024-01-01', None]))})"],
  ["labels that are categories", "pd.DataFrame({'x': [1, 2]}, index=pd.CategoricalIndex(['b', 'a'], categories=['z', 'b', 'a']))"],
  [
    "labels in a time zone, across its change of clocks",
    "pd.DataFrame({'x': [1, 2]}, index=pd.date_range('2024-03-31', periods=2, tz='Europe/Berlin'))",
  ],
  [
    "labels on two levels, dates and categories",
    "pd.DataFrame({'x': [1]}, index=pd.MultiIndex.from_arrays([pd.to_datetime(['2024-01-01']).tz_localize('Asia/Tokyo'), pd.CategoricalIndex(['a'], categories=['b', 'a'])], names=['t', 'c']))",
  ],
  [
    "months as labels, in a column and above columns",
    "pd.DataFrame({pd.Period('2024-01'): pd.period_range('2024Q1', periods=2, freq='Q')}, index=pd.period_range('2024-01', periods=2, freq='M'))",
  ],
  ["weeks and what is missing among them", "pd.DataFrame({'w': pd.Series([pd.Period('2024-01-03', freq='W'), None], dtype='period[W-SUN]')})"],
  [
    "nullable kinds",
    "pd.DataFrame({'i': pd.array([1, None], 'Int64'), 'b': pd.array([True, None], 'boolean'), 's': pd.array(['a', None], 'string'), 'f': pd.array([1.5, None], 'Float32')})",
  ],
  ["labels of nullable kinds", "pd.DataFrame({'x': [1, 2]}, index=pd.Index(['a', None], dtype='string'))"],
  [
    "no rows, with kinds",
    "pd.DataFrame({'i': pd.Series([], dtype='int64'), 't': pd.Series([], dtype='datetime64[ns, UTC]'), 'c': pd.Series([], dtype='category')})",
  ],
  ["no rows of labels with names", "pd.DataFrame({'x': []}, index=pd.MultiIndex.from_arrays([[], []], names=['l', 'n']))"],
  ["no columns", "pd.DataFrame(index=pd.Index([3, 4], name='n'))"],
  ["nothing", "pd.DataFrame()"],
  ["the same name twice", "pd.DataFrame([[1, 'x']], columns=['a', 'a'], index=['k'])"],
  ["tuples as labels of one level", "pd.DataFrame({'x': [1]}, index=pd.Index([(1, 2)], tupleize_cols=False))"],
  ["what value_counts gives of one column", "pd.DataFrame({'k': ['a', 'b', 'a']}).value_counts().to_frame()"],
  ["a fixed offset", "pd.DataFrame({'x': pd.to_datetime(['2024-01-01T00:00+02:00']).tz_convert('UTC')})"],
  ["large numbers", "pd.DataFrame({'i': [2**63 - 1], 'u': np.array([2**64 - 1], 'uint64'), 'f': np.array([0.1], 'float32')})"],
])("carries tables with %s", async (_, frame) => {
  expect(await difference(frame)).toBe(null);
});

test.skipIf(isMissing("pandas"))("the host finds the groups of a table, and what else its labels say, in its rows", async () => {
  const code = "import pandas as pd\npd.DataFrame({'city': ['Paris', 'Tokyo', 'Paris'], 'size': [1, 2, 3]}).groupby('city').sum()";
  expect(plainValue((await run(session, code)).value)).toEqual([
    { city: "Paris", size: 4 },
    { city: "Tokyo", size: 2 },
  ]);
  expect(plainValue((await run(session, "pd.DataFrame({'n': [1, 3]}).agg(['min', 'max'])")).value)).toEqual([
    { index: "min", n: 1 },
    { index: "max", n: 3 },
  ]);
  expect(plainValue((await run(session, "pd.DataFrame({'n': [1, 2, 3]}).iloc[1:]")).value)).toEqual([{ n: 2 }, { n: 3 }]);
  const months = "pd.DataFrame({'m': pd.period_range('2024-01', periods=2, freq='M'), 'n': [1, 2]}).set_index(['m', 'n'])";
  expect(plainValue((await run(session, months)).value)).toEqual([
    { m: "2024-01", n: 1 },
    { m: "2024-02", n: 2 },
  ]);
});

test.skipIf(isMissing("pandas"))("categories that can't cross keep their order as the text that describes them", async () => {
  const code = `import pandas as pd
frame = pd.DataFrame({'range': pd.cut(pd.Series([1, 5, 1]), [0, 2, 6, 9])})
back = take(frame)
[back.range.cat.ordered, back.range.cat.categories.tolist() == [repr(one) for one in frame.range.cat.categories], back.range.tolist() == [repr(one) for one in frame.range]]`;
  expect(await run(session, code, tools)).toMatchObject({ error: undefined, value: [true, true, true] });
});

test.skipIf(isMissing("pandas"))("a table that the host made needs no levels", async () => {
  const code = "back = take(0)\n[back.index.tolist(), list(back.columns), back.columns.nlevels, str(back.dtypes.iloc[0])]";
  const made = { $type: "frame", columns: [[["a", 1], "category", ["y", "x"]]], index: [7, 8] };
  const { value } = await run(session, code, { take: () => decodeValue(made) });
  expect(plainValue(value)).toEqual([[7, 8], [["a", 1]], 2, "category"]);
});
