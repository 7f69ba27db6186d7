import assert from "node:assert/strict";
import { isMedia, pythonFloat, pythonType, type Value } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { whenImportable } from "../when-importable.ts";

/** Arrays, tables and pictures of the libraries that the sandbox has. */
export const libraryValueCases: readonly ContractCase[] = [
  {
    name: "numpy scalars are plain numbers",
    run: whenImportable("numpy", async ({ evaluate }) => {
      const code = "import numpy as np\n[np.int64(5), np.float64(2.5), np.float32(0.5), np.bool_(True), np.str_('x'), np.float64(14)]";
      assert.deepEqual(await evaluate(code), [5, 2.5, 0.5, true, "x", pythonFloat(14)]);
    }),
  },
  {
    name: "numpy arrays cross with dtype and shape",
    run: whenImportable("numpy", async ({ evaluate }) => {
      for (const [python, dtype, shape] of [
        ["np.arange(6, dtype='int64').reshape(2, 3)", "int64", [2, 3]],
        ["np.array([1.5, float('nan')], dtype='float64')", "float64", [2]],
        ["np.array([[True], [False]])", "bool", [2, 1]],
        ["np.arange(6, dtype='uint8')[::2]", "uint8", [3]],
        ["np.zeros((0, 3), dtype='float32')", "float32", [0, 3]],
      ] as const) {
        const value = (await evaluate(`import numpy as np\n${python}`)) as { dtype: string; shape: readonly number[] };
        assert.equal((value as { [pythonType]?: string })[pythonType], "ndarray", python);
        assert.deepEqual([value.dtype, value.shape], [dtype, shape]);
        const back = `import numpy as np\nx = ${python}\n[type(sent).__name__, str(sent.dtype), np.array_equal(sent, x, equal_nan=x.dtype.kind == 'f'), np.array_equal(echo(x), x, equal_nan=x.dtype.kind == 'f')]`;
        assert.deepEqual(await evaluate(back, { sent: value as unknown as Value }), ["ndarray", dtype, true, true]);
      }
    }),
  },
  {
    name: "an array of objects is described or a list, never an error",
    run: whenImportable("numpy", async ({ evaluate }) => {
      assert.notEqual(await evaluate("import numpy as np\nnp.array([object(), None], dtype=object)"), null);
    }),
  },
  {
    name: "pandas frames cross with columns, kinds and index",
    run: whenImportable("pandas", async ({ evaluate }) => {
      const make = "import pandas as pd\ndf = pd.DataFrame({'city': ['Paris', 'Tokyo'], 'size': [2, 9], 'ratio': [0.5, 14.0]}, index=['a', 'b'])\n";
      const value = (await evaluate(`${make}df`)) as { columns: readonly { name: Value; values: readonly Value[] }[]; index: readonly Value[] };
      assert.equal((value as { [pythonType]?: string })[pythonType], "frame");
      assert.deepEqual(
        value.columns.map(({ name, values }) => [name, values]),
        [
          ["city", ["Paris", "Tokyo"]],
          ["size", [2, 9]],
          ["ratio", [0.5, pythonFloat(14)]],
        ],
      );
      assert.deepEqual(value.index, ["a", "b"]);
      assert.deepEqual(await evaluate(`${make}[type(sent).__name__, sent.equals(df), echo(df).equals(df)]`, { sent: value as unknown as Value }), [
        "DataFrame",
        true,
        true,
      ]);
    }),
  },
  {
    name: "pandas frames keep the names of their labels, their categories and their time zones",
    run: whenImportable("pandas", async ({ evaluate }) => {
      const make = `import pandas as pd
times = pd.date_range('2024-03-31', periods=2, tz='Europe/Berlin', name='time')
df = pd.DataFrame({'size': pd.Categorical(['S', 'L'], categories=['S', 'M', 'L'], ordered=True)}, index=times)
df.columns.name = 'what'
`;
      const value = await evaluate(`${make}df`);
      const { columns, levels } = value as Extract<Value, { readonly [pythonType]: "frame" }>;
      assert.deepEqual(columns[0]?.categories, { isOrdered: true, values: ["S", "M", "L"] });
      assert.deepEqual([levels?.index[0]?.name, levels?.columns[0]?.name], ["time", "what"]);
      const same = "pd.testing.assert_frame_equal(sent, df, check_freq=False)\npd.testing.assert_frame_equal(echo(df), df, check_freq=False)\n'same'";
      assert.equal(await evaluate(make + same, { sent: value }), "same");
    }),
  },
  {
    name: "PIL images cross as pictures",
    run: whenImportable("PIL", async ({ evaluate }) => {
      const value = await evaluate("from PIL import Image\nImage.new('RGB', (3, 2), (255, 0, 0))");
      assert.ok(isMedia(value) && value.mediaType === "image/png", `expected a PNG, got ${JSON.stringify(value)}`);
      const code =
        "from PIL import Image\n[isinstance(sent, Image.Image), list(sent.size), list(sent.convert('RGB').getpixel((0, 0))), isinstance(picture(), Image.Image)]";
      assert.deepEqual(await evaluate(code, { sent: value }), [true, [3, 2], [255, 0, 0], true]);
    }),
  },
];
