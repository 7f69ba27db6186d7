import assert from "node:assert/strict";
import { pythonFloat } from "@codelet/core";
import { type ContractCase, gentle } from "../contract-case.ts";
import { assertError, assertValue } from "../ended-typed.ts";

export const stateCases: readonly ContractCase[] = gentle([
  {
    name: "variables, functions, classes and imports live on from step to step",
    async run({ open, run }) {
      const session = await open();
      await run(session, "import math\nx = 41\ndef f(y):\n    return y + 1\nclass Box:\n    size = 2");
      assertValue((await run(session, "f(x) + Box().size + int(math.sqrt(4))")).execution, 46);
    },
  },
  {
    name: "the value is the last expression's, and null without one",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "1\n2\n'last'")).execution, "last");
      assertValue((await run(session, "x = 5")).execution, null);
      assertValue((await run(session, "if x:\n    7")).execution, null);
      assertValue((await run(session, "")).execution, null);
      assertValue((await run(session, "# nothing\n")).execution, null);
    },
  },
  {
    name: "lines end where Python ends them",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "x = 5\rx + 1")).execution, 6);
      assertValue((await run(session, "x = 5\r\nx + 1")).execution, 6);
      const { error } = (await run(session, 's = "a\u2028b"\nt = "c\u0085d"\nnothing_here')).execution;
      assert.match(error?.traceback ?? "", /line 3, in <module>\n {4}nothing_here/);
    },
  },
  {
    name: "a recursion limit that the code has raised holds in the next step",
    async run({ open, run }) {
      const session = await open();
      await run(session, "import sys\nsys.setrecursionlimit(4000)\ndef depth(n):\n    return n if n == 0 else 1 + depth(n - 1)");
      assertValue((await run(session, "depth(2000)")).execution, 2000);
      await run(session, "sys.setrecursionlimit(60)");
      assertValue((await run(session, "depth(500)")).execution, 500);
    },
  },
  {
    name: "annotations stay texts in the steps after the one that asked for it",
    async run({ open, run }) {
      const session = await open();
      await run(session, "from __future__ import annotations\nimport math");
      await run(session, "print('a step of its own')");
      assertValue((await run(session, "class Node:\n    next: NotYet\nNode.__annotations__['next']")).execution, "NotYet");
      assertValue((await run(await open(), "def f(x: int): pass\nf.__annotations__['x'].__name__")).execution, "int");
    },
  },
  {
    name: "an int with more digits than Python prints is a value like any other",
    async run({ open, run }) {
      const session = await open();
      for (const [code, value] of [
        ["10**4400", 10n ** 4400n],
        ["[10**4400]", [10n ** 4400n]],
      ] as const) {
        const { execution } = await run(session, code);
        assertValue(execution, value);
        assert.equal(execution.valueText, undefined, "a text that is no value's");
      }
    },
  },
  {
    name: "a program that reads its command line finds no arguments",
    async run({ open, run }) {
      const code = "import argparse, sys\nparser = argparse.ArgumentParser()\nparser.add_argument('--n', type=int, default=3)\n";
      assertValue((await run(await open(), `${code}[parser.parse_args().n, len(sys.argv)]`)).execution, [3, 1]);
    },
  },
  {
    name: "an exception group shows its errors and where each was raised, also those of groups in it",
    async run({ open, run, evaluate, skip }) {
      if ((await evaluate("import sys\nsys.version_info >= (3, 11)")) !== true) skip("this Python has no exception groups");
      const code = [
        "def work(n):",
        "    raise ValueError(f'bad {n}')",
        "errors = []",
        "try:",
        "    work(1)",
        "except ValueError as error:",
        "    errors.append(error)",
        "raise ExceptionGroup('all', [*errors, ExceptionGroup('inner', [KeyError('k')])])",
      ];
      const traceback = (await run(await open(), code.join("\n"))).execution.error?.traceback ?? "";
      assert.match(
        traceback,
        /ExceptionGroup: all[\s\S]*\+ ValueError: bad 1\n.*line 2, in work\n.*raise ValueError[\s\S]*\+ ExceptionGroup: inner[\s\S]*\+ KeyError: 'k'/,
      );
    },
  },
  {
    name: "tracebacks that code prints, and sources that it asks for, show its lines",
    async run({ open, run }) {
      const session = await open();
      const { execution } = await run(
        session,
        "import traceback\ndef f(x):\n    return 1 / x\ntry:\n    f(0)\nexcept Exception:\n    traceback.print_exc()",
      );
      assert.match(execution.logs, /^ {4}f\(0\)$[\s\S]*^ {4}return 1 \/ x$/m);
      assertValue((await run(session, "import inspect\ninspect.getsource(f)")).execution, "def f(x):\n    return 1 / x\n");
    },
  },
  {
    name: "variables given at open and by bind are globals",
    async run({ open, run }) {
      const session = await open({ variables: { city: "Paris", ratio: pythonFloat(14) } });
      assertValue((await run(session, "f'{city} {ratio}'")).execution, "Paris 14.0");
      await session.bind({ variables: { city: "Tokyo" } });
      assertValue((await run(session, "city")).execution, "Tokyo");
    },
  },
  {
    name: "two sessions of one executor share nothing",
    async run({ open, run }) {
      const [first, second] = [await open(), await open()];
      await run(first, "import builtins, sys\nsecret = 1\nbuiltins.secret = 1\nsys.modules['secret_module'] = sys");
      assertError((await run(second, "secret")).execution, "NameError");
      assertError((await run(second, "import secret_module")).execution, "ModuleNotFoundError");
    },
  },
  {
    name: "an error names its class, its message and its line, and shows the code's own frames only",
    async run({ open, run }) {
      const { execution } = await run(await open(), "def g():\n    return 1/0\n\ng()");
      assertError(execution, "ZeroDivisionError");
      assert.equal(execution.error?.message, "division by zero");
      assert.equal(execution.error?.line, 2);
      assert.equal(execution.stateLost, false);
      const traceback = execution.error?.traceback ?? "";
      assert.match(traceback, /return 1\/0/);
      assert.deepEqual(
        [...traceback.matchAll(/^ {2}File "(.*)", line/gm)].filter(([, file]) => file?.startsWith("/")),
        [],
        "frames of the sandbox",
      );
    },
  },
  {
    name: "an error of an earlier step's function shows where it came from",
    async run({ open, run }) {
      const session = await open();
      await run(session, "def g():\n    raise KeyError('k')");
      const { execution } = await run(session, "pass\ng()");
      assertError(execution, "KeyError");
      assert.match(execution.error?.traceback ?? "", /raise KeyError/);
    },
  },
  {
    name: "a syntax error names its line and runs nothing",
    async run({ open, run }) {
      const session = await open();
      const { execution } = await run(session, "touched = 1\nx = = 1");
      assertError(execution, "SyntaxError");
      assert.equal(execution.error?.line, 2);
      assertValue((await run(session, "'touched' in globals()")).execution, false);
    },
  },
  {
    name: "what ran before an error stays",
    async run({ open, run }) {
      const session = await open();
      assertError((await run(session, "x = 3\nraise ValueError('no')")).execution, "ValueError");
      assertValue((await run(session, "x")).execution, 3);
    },
  },
  {
    name: "top-level await works",
    async run({ open, run }) {
      const session = await open();
      assertValue((await run(session, "import asyncio\nawait asyncio.sleep(0.01)\n5")).execution, 5);
      assertValue((await run(session, "async def f():\n    return 6\nawait f()")).execution, 6);
    },
  },
  {
    name: "a seed makes random and hashes repeat, and no seed doesn't",
    async run({ open, run }) {
      const draw = async (seed: string | undefined): Promise<unknown> => {
        const { execution } = await run(await open({ seed }), "import random\n[random.random(), hash('codelet')]");
        assert.equal(execution.error, undefined);
        return execution.value;
      };
      const first = await draw("a");
      assert.deepEqual(await draw("a"), first);
      assert.notDeepEqual(await draw("b"), first);
      const [fresh, other] = [(await draw(undefined)) as number[], (await draw(undefined)) as number[]];
      assert.notEqual(fresh[0], other[0]);
    },
  },
  {
    name: "a rebound final_answer or tool is itself again in the next step, and the code is told",
    async run({ open, run }) {
      const session = await open();
      for (const [name, rebind] of [
        ["final_answer", "final_answer = 42"],
        ["echo", "def echo(x):\n    return 'mine'"],
        ["add", "for add in [1]:\n    pass"],
      ] as const) {
        const { execution } = await run(session, rebind);
        assert.match(`${execution.error?.message}\n${execution.logs}`, new RegExp(name), `a word about ${name}`);
      }
      assertValue((await run(session, "add(echo(2), 3)")).execution, 5);
      assert.deepEqual((await run(session, "final_answer(7)")).execution.finalAnswer, { value: 7 });
    },
  },
  {
    name: "a deleted tool is there again in the next step",
    async run({ open, run }) {
      const session = await open();
      await run(session, "del echo");
      assertValue((await run(session, "echo(1)")).execution, 1);
    },
  },
  {
    name: "a variable may be rebound to anything",
    async run({ open, run }) {
      const session = await open({ variables: { rows: [1, 2] } });
      assertValue((await run(session, "rows = 'other'")).execution, null);
      assertValue((await run(session, "rows")).execution, "other");
    },
  },
]);
