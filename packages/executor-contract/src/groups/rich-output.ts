import assert from "node:assert/strict";
import type { Execution } from "@codelet/core";
import type { ContractCase } from "../contract-case.ts";
import { assertError, assertValue } from "../ended-typed.ts";
import { whenImportable } from "../when-importable.ts";

const pngStart = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const draw = "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 4, 9])\n";

/** What the user is shown besides text: in every sandbox the same, if its libraries are there. */
export const richOutputCases: readonly ContractCase[] = needRichOutput([
  {
    name: "display() gives rich output by media type, and text for anything else",
    async run({ open, run }) {
      const code =
        "class P:\n    def _repr_png_(self): return b'\\x89PNG1'\n    def _repr_html_(self): return '<b>x</b>'\ndisplay(P())\ndisplay('plain')\nNone";
      const { outputs, error } = (await run(await open(), code)).execution;
      assert.equal(error, undefined);
      assert.equal(outputs[0]?.["image/png"], Buffer.from("\x89PNG1", "latin1").toString("base64"));
      assert.equal(outputs[0]?.["text/html"], "<b>x</b>");
      assert.match(Object.values(outputs[1] ?? {}).join(), /plain/);
    },
  },
  {
    name: "every media type that an object knows comes, those that fail don't",
    async run({ open, run }) {
      const code = `
class Shown:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {'application/json': {'a': [1, None]}, 'image/gif': b'GIF89a', 'no type': 'x', 'text/x': object()}, {'width': 1}
    def _repr_svg_(self): return '<svg/>'
    def _repr_markdown_(self): return '# é'
    def _repr_latex_(self): return '$x$'
    def _repr_html_(self): raise ValueError('broken')
    def _repr_png_(self): return 'this is no base64!'
    def _repr_jpeg_(self): return None
    def __repr__(self): return 'shown'
display(Shown())`;
      const { outputs, error } = (await run(await open(), code)).execution;
      assert.equal(error, undefined);
      assert.deepEqual(outputs, [
        {
          "application/json": '{"a":[1,null]}',
          "image/gif": Buffer.from("GIF89a").toString("base64"),
          "image/svg+xml": "<svg/>",
          "text/markdown": "# é",
          "text/latex": "$x$",
          "text/plain": "shown",
        },
      ]);
    },
  },
  {
    name: "the last value shows itself",
    async run({ open, run }) {
      const { outputs } = (await run(await open(), "class Table:\n    def _repr_html_(self): return '<table/>'\nTable()")).execution;
      assert.deepEqual(
        outputs.map((output) => output["text/html"]),
        ["<table/>"],
      );
    },
  },
  {
    name: "what is too large to show leaves a note, and neither the value nor later displays are lost",
    async run({ open, run }) {
      const code =
        "class Huge:\n    def _repr_html_(self): return 'x' * 40_000_000\n    def __repr__(self): return 'huge'\ndisplay(Huge())\ndisplay('small')\n5";
      const { execution } = await run(await open(), code);
      assertValue(execution, 5);
      assert.equal(execution.outputs[0]?.["text/html"], undefined);
      assert.match(execution.logs, /left out/);
      assert.match(Object.values(execution.outputs.at(-1) ?? {}).join(), /small/);
    },
  },
  {
    name: "what was displayed before an error, a final answer or a timeout is kept",
    async run({ open, run }) {
      const session = await open();
      for (const [end, timeoutMs] of [["1 / 0"], ["final_answer(1)"], ["while True: pass", 400]] as const) {
        const { outputs } = (await run(session, `display('seen')\n${end}`, timeoutMs === undefined ? {} : { timeoutMs })).execution;
        assert.equal(outputs.length, 1, end);
      }
    },
  },
  {
    name: "a method that never ends is stopped by the timeout, with the state kept",
    async run({ open, run }) {
      const session = await open();
      const code = "kept = 1\nclass Endless:\n    def _repr_html_(self):\n        while True: pass\ndisplay('before')\nEndless()";
      const { execution } = await run(session, code, { timeoutMs: 400 });
      assertError(execution, "TimeoutError");
      assert.equal(execution.outputs.length, 1);
      assertValue((await run(session, "kept")).execution, 1);
    },
  },
  {
    name: "a picture from a tool can be shown, with PIL or without",
    async run({ open, run }) {
      assertPictures((await run(await open(), "display(picture())\npicture()")).execution, 2);
    },
  },
  {
    name: "PIL images of any mode are shown as PNG",
    run: whenImportable("PIL", async ({ open, run }) => {
      const code = "from PIL import Image\nfor mode in ('1', 'L', 'RGBA', 'CMYK', 'F'): display(Image.new(mode, (2, 2)))\nImage.new('RGB', (2, 2))";
      assertPictures((await run(await open(), code)).execution, 6);
    }),
  },
  {
    name: "pandas frames are shown as HTML and text",
    run: whenImportable("pandas", async ({ open, run }) => {
      const { outputs } = (await run(await open(), "import pandas as pd\ndf = pd.DataFrame({'city': ['Paris']})\ndisplay(df)\ndf")).execution;
      assert.equal(outputs.length, 2);
      for (const output of outputs) {
        assert.match(output["text/html"] ?? "", /<table.*Paris/s);
        assert.match(output["text/plain"] ?? "", /city\n0 +Paris/);
      }
    }),
  },
  {
    name: "open figures are shown when the step ends, however it ends, and closed",
    run: whenImportable("matplotlib", async ({ open, run }) => {
      const session = await open();
      for (const end of ["5", "fig", "plt.show()", "display(fig)", "final_answer(1)", "1 / 0"]) {
        assertPictures((await run(session, draw + end)).execution, 1, end);
        assertValue((await run(session, "plt.get_fignums()")).execution, []);
      }
    }),
    timeoutMs: 60_000,
  },
  {
    name: "plt.show() shows each figure by itself",
    run: whenImportable("matplotlib", async ({ open, run }) => {
      const { execution } = await run(await open(), `${draw}plt.show()\nplt.plot([3, 2, 1])\nplt.show()\nfig`);
      assertPictures(execution, 2);
      assert.notEqual(execution.outputs[0]?.["image/png"], execution.outputs[1]?.["image/png"]);
    }),
    timeoutMs: 60_000,
  },
  {
    name: "a figure that can't be drawn leaves a note, and the step its value",
    run: whenImportable("matplotlib", async ({ open, run }) => {
      const session = await open();
      const { execution } = await run(session, `${draw}ax.set_title('$\\\\frac{$')\n5`);
      assertValue(execution, 5);
      assert.match(execution.logs, /can't be drawn: ValueError/);
      const next = (await run(session, "6")).execution;
      assertValue(next, 6);
      assert.equal(next.logs, "");
    }),
    timeoutMs: 60_000,
  },
  {
    name: "figures of threads are shown, those of a stopped step are closed",
    needs: ["threads"],
    run: whenImportable("matplotlib", async ({ open, run }) => {
      const session = await open();
      const inThread = `${draw}import threading\ndef work(): plt.figure().gca().plot([1])\nthread = threading.Thread(target=work)\nthread.start()\nthread.join()`;
      assertPictures((await run(session, inThread)).execution, 2);
      assertError((await run(session, `${draw}while True: pass`, { timeoutMs: 1_000 })).execution, "TimeoutError");
      assertValue((await run(session, "plt.get_fignums()")).execution, []);
    }),
    timeoutMs: 60_000,
  },
]);

function needRichOutput(cases: readonly ContractCase[]): readonly ContractCase[] {
  return cases.map((testCase) => ({ ...testCase, needs: ["richOutput", ...(testCase.needs ?? [])] }));
}

function assertPictures({ outputs, logs }: Execution, count: number, message = ""): void {
  assert.equal(outputs.length, count, `${message} ${logs}`);
  for (const output of outputs) {
    const picture = Buffer.from(output["image/png"] ?? "", "base64");
    assert.ok(picture.subarray(0, pngStart.length).equals(pngStart), `${message}: no PNG, but ${Object.keys(output).join(", ")}`);
    assert.ok(output["text/plain"]);
  }
}
