import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Execution } from "@codelet/core";
import { afterAll, describe, expect, test } from "vitest";
import { resolveBridgeLimits } from "./bridge-limits.ts";
import { openSession } from "./testing/child-channel.ts";
import { isMissing } from "./testing/is-missing.ts";
import { run } from "./testing/run.ts";

/** As much of the libraries as the runner touches, for machines without them. */
const standIns: Readonly<Record<string, string>> = {
  "matplotlib/__init__.py": "",
  "matplotlib/figure.py": `
class Figure:
    text = ''
    def savefig(self, target, format):
        if self.text == 'broken': raise ValueError('bad formula')
        target.write(b'\\x89PNG\\r\\n' + self.text.encode())
    def suptitle(self, text): self.text = text
`,
  "matplotlib/_pylab_helpers.py": `
class Gcf:
    figs = {}
    @classmethod
    def destroy_fig(cls, figure):
        for number in [number for number, manager in cls.figs.items() if manager.canvas.figure is figure]: del cls.figs[number]
`,
  "matplotlib/pyplot.py": `
from types import SimpleNamespace
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure
def figure():
    figure = Figure()
    Gcf.figs[max(Gcf.figs, default=0) + 1] = SimpleNamespace(canvas=SimpleNamespace(figure=figure))
    return figure
def suptitle(text): (Gcf.figs[max(Gcf.figs)].canvas.figure if Gcf.figs else figure()).suptitle(text)
def get_fignums(): return sorted(Gcf.figs)
def show(): raise RuntimeError('no screen')
`,
  "IPython/__init__.py": "",
  "IPython/display.py": "def display(*values): print(*values)\n",
};

const folder = mkdtempSync(join(tmpdir(), "codelet-rich-"));
for (const [name, source] of Object.entries(standIns)) {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), source);
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const useStandIns = `import sys\nsys.path.insert(0, ${JSON.stringify(folder)})\n`;

function pictures({ outputs }: Execution): readonly string[] {
  return outputs.map((output) => output["image/png"] ?? "none");
}

const hasMatplotlib = !isMissing("matplotlib");
if (!hasMatplotlib) console.log("SKIPPED figures of matplotlib itself: it is not installed");

describe.each([
  ["a stand-in for matplotlib", useStandIns, false],
  ["matplotlib", "", !hasMatplotlib],
])("with %s", (_, prelude, isSkipped) => {
  const use = `${prelude}import matplotlib.pyplot as plt\n`;

  test.skipIf(isSkipped)("shows open figures at the end of a step, and closes them", async () => {
    await using session = await openSession();
    const execution = await run(session, `${use}for name in 'ab': plt.figure().suptitle(name)\n5`);
    expect(execution).toMatchObject({ value: 5, outputs: [{ "text/plain": expect.stringContaining("Figure") }, {}], logs: "" });
    expect(new Set(pictures(execution)).size).toBe(2);
    expect(await run(session, "plt.get_fignums()")).toMatchObject({ value: [], outputs: [] });
  });

  test.skipIf(isSkipped)("goes on after a figure that can't be drawn", async () => {
    await using session = await openSession();
    const isBroken = prelude === "" ? "'$\\\\frac{$'" : "'broken'";
    expect(await run(session, `${use}plt.figure().suptitle(${isBroken})\n5`)).toMatchObject({
      value: 5,
      error: undefined,
      outputs: [],
      logs: expect.stringContaining("can't be drawn: ValueError"),
    });
    expect(await run(session, "6")).toMatchObject({ value: 6, logs: "" });
  });

  test.skipIf(isSkipped)("shows a figure once, however often it is asked to, and again when it has changed", async () => {
    await using session = await openSession();
    for (const once of ["display(fig)", "fig", "plt.show()\nfig", "display(fig)\nplt.show()"]) {
      expect(pictures(await run(session, `${use}fig = plt.figure()\nfig.suptitle('a')\n${once}`)), once).toHaveLength(1);
    }
    const twice = await run(session, "fig = plt.figure()\nfig.suptitle('a')\ndisplay(fig)\nfig.suptitle('b')");
    expect(new Set(pictures(twice)).size).toBe(2);
  });

  test.skipIf(isSkipped)("starts a new figure after plt.show(), as a notebook does", async () => {
    await using session = await openSession();
    const execution = await run(session, `${use}from matplotlib.pyplot import show\nplt.suptitle('a')\nplt.show()\nplt.suptitle('b')\nshow()`);
    expect(execution.error).toBeUndefined();
    expect(new Set(pictures(execution)).size).toBe(2);
  });

  test.skipIf(isSkipped)("shows figures after an error and a final answer, and drops those of a stopped step", async () => {
    await using session = await openSession();
    const figure = `${use}plt.figure().suptitle('a')\n`;
    expect(await run(session, `${figure}1/0`)).toMatchObject({ error: { name: "ZeroDivisionError" }, outputs: [{}] });
    expect(await run(session, `${figure}final_answer(1)`)).toMatchObject({ finalAnswer: { value: 1 }, outputs: [{}] });
    expect(await run(session, `${figure}while True: pass`, {}, { timeoutMs: 300 })).toMatchObject({ error: { name: "TimeoutError" }, outputs: [] });
    expect(await run(session, "plt.get_fignums()")).toMatchObject({ value: [], outputs: [] });
  });

  test.skipIf(isSkipped)("shows a figure that pyplot doesn't know as the last value", async () => {
    await using session = await openSession();
    expect(await run(session, `${use}from matplotlib.figure import Figure\nFigure()`)).toMatchObject({
      outputs: [{ "image/png": expect.any(String) }],
    });
  });

  test.skipIf(isSkipped)("shows no more figures than a step may", async () => {
    await using session = await openSession({}, { limits: resolveBridgeLimits({ maxRichParts: 3 }) });
    const execution = await run(session, `${use}for _ in range(5): plt.figure()\nplt.get_fignums()`);
    expect(execution.outputs).toHaveLength(3);
    expect(execution.logs.match(/left out/g)).toHaveLength(1);
    expect(await run(session, "plt.get_fignums()")).toMatchObject({ value: [] });
  });
});

test("lets display() be pickled, and functions that use it, as any function of the code", async () => {
  await using session = await openSession();
  const code = "import copy, pickle\n[pickle.loads(pickle.dumps(display)) is display, copy.deepcopy([display])[0] is display, display.__name__]";
  expect((await run(session, code)).value).toEqual([true, true, "display"]);
});

test("gives IPython's display() to code that imports it", async () => {
  await using session = await openSession();
  const execution = await run(session, `${useStandIns}from IPython.display import display\ndisplay({'text/html': '<b>'}, raw=True)\ndisplay(5)`);
  expect(execution).toMatchObject({ error: undefined, logs: "", outputs: [{ "text/html": "<b>" }, { "text/plain": "5" }] });
});

test("a class that refuses to be asked how it shows itself is a value like another", async () => {
  await using session = await openSession();
  const code =
    "class Meta(type):\n    def __getattribute__(self, name): raise ValueError(name)\nclass Shy(metaclass=Meta):\n    def __repr__(self): return 'shy'\nShy()";
  expect(await run(session, code)).toMatchObject({ error: undefined, value: { repr: "shy" }, outputs: [] });
});

test("leaves out what doesn't fit, and shows the rest", async () => {
  const shown = (size: number): string => `type('Big', (), {'_repr_html_': lambda self: 'x' * ${size}, '__repr__': lambda self: 'big'})()`;
  for (const limits of [resolveBridgeLimits({ maxRichBytes: 10_000 }), resolveBridgeLimits({ maxFrameBytes: 10_000 })]) {
    await using session = await openSession({}, { limits });
    const execution = await run(session, `display(${shown(5_000)})\ndisplay(${shown(20_000)})\ndisplay('small')\n${shown(20_000)}`);
    expect(execution).toMatchObject({ error: undefined, value: { repr: "big" } });
    expect(execution.outputs.map((output) => Object.keys(output).join())).toEqual(["text/html,text/plain", "text/plain", "text/plain", "text/plain"]);
    expect(execution.logs.match(/left out/g)).toHaveLength(1);
    expect(await run(session, `display(${shown(5_000)})`)).toMatchObject({ outputs: [{ "text/html": expect.any(String) }], logs: "" });
  }
});

test("prints what a forked child displays, which has no connection", async () => {
  await using session = await openSession();
  const code = "import os\nif os.fork() == 0:\n    display('from the child')\n    os._exit(0)\nos.wait()\ndisplay('from the parent')";
  expect(await run(session, code)).toMatchObject({ logs: "'from the child'\n", outputs: [{ "text/plain": "'from the parent'" }] });
});
