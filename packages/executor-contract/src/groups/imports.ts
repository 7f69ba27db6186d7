import assert from "node:assert/strict";
import type { ContractCase } from "../contract-case.ts";
import { assertValue } from "../ended-typed.ts";

export const importCases: readonly ContractCase[] = [
  {
    name: "without a list every module can be imported",
    async run({ open, run }) {
      assertValue((await run(await open(), "import os, sys, shutil, tempfile, xml.dom.minidom\n1")).execution, 1);
    },
  },
  {
    name: "a module that the code has written is imported, and shadows none of Python's",
    async run({ open, run }) {
      const session = await open();
      const write =
        "for name in ['my_own_module', 'fractions']:\n    with open(name + '.py', 'w') as file:\n        file.write('def f(x):\\n    return x / 0\\n')";
      await run(session, write);
      const { error } = (await run(session, "import my_own_module\nmy_own_module.f(1)")).execution;
      assert.equal(error?.line, 2);
      assert.match(error?.traceback ?? "", /my_own_module\.py", line 2, in f\n {4}return x \/ 0\nZeroDivisionError/);
      assertValue(
        (await run(session, "import sys\nsys.modules.pop('fractions', None)\nimport fractions\nfractions.Fraction(1, 2).denominator")).execution,
        2,
      );
    },
  },
  {
    name: "listed modules and the harmless ones can be imported, in every form",
    async run({ open, run }) {
      const session = await open({ authorizedImports: ["tempfile", "xml.*"] });
      assertValue((await run(session, "import tempfile, math, json\nfrom collections import abc, deque\nimport statistics as st\n1")).execution, 1);
      assertValue((await run(session, "import xml.etree.ElementTree as ET\nfrom xml.dom import minidom\nET.fromstring('<a/>').tag")).execution, "a");
    },
  },
  {
    name: "another module is refused, and the message names what is allowed",
    async run({ open, run }) {
      const session = await open({ authorizedImports: ["tempfile", "xml.*"] });
      const forms = [
        "import shutil",
        "import shutil as s",
        "from shutil import copy",
        "import math, shutil",
        "__import__('shutil')",
        "import importlib\nimportlib.import_module('shutil')",
        "exec('import shutil')",
      ];
      for (const form of forms) {
        const { error } = (await run(session, form)).execution;
        assert.match(error?.name ?? "no error", /^(ImportError|ModuleNotFoundError)$/, form);
        if (!form.includes("importlib")) assert.match(error?.message ?? "", /tempfile[\s\S]*xml/, form);
      }
      assertValue((await run(session, "try:\n    import shutil\nexcept ImportError:\n    caught = True\ncaught")).execution, true);
    },
  },
  {
    name: "a name without .* doesn't open its submodules",
    async run({ open, run }) {
      const session = await open({ authorizedImports: ["xml"] });
      assertValue((await run(session, "import xml\n1")).execution, 1);
      assert.match((await run(session, "import xml.dom.minidom")).execution.error?.name ?? "no error", /ImportError|ModuleNotFoundError/);
    },
  },
  {
    name: "an empty list leaves the harmless modules",
    async run({ open, run }) {
      const session = await open({ authorizedImports: [] });
      assertValue((await run(session, "import math, json, re, datetime, random, asyncio\nmath.floor(2.5)")).execution, 2);
      assert.ok((await run(session, "import tempfile")).execution.error);
    },
  },
  {
    name: "what a library imports inside is free, and isn't opened to the code by it",
    async run({ open, run }) {
      const session = await open({ authorizedImports: ["tempfile"] });
      assertValue((await run(session, "import tempfile\ntempfile.gettempprefix()")).execution, "tmp");
      assert.ok((await run(session, "import shutil")).execution.error, "tempfile imports shutil; the code may not");
      assertValue((await run(session, "import asyncio\nasync def f():\n    return 4\nawait asyncio.gather(f())")).execution, [4]);
    },
  },
  {
    name: "the list holds after an error, after a kill and for functions of earlier steps",
    async run({ open, run }) {
      const session = await open({ authorizedImports: [] });
      await run(session, "def later():\n    import shutil\n    return shutil");
      assert.ok((await run(session, "later()")).execution.error);
      await run(session, "import time\nwhile True:\n    try:\n        time.sleep(0.05)\n    except BaseException:\n        pass", { timeoutMs: 200 });
      assert.ok((await run(session, "import shutil")).execution.error);
    },
  },
  {
    name: "a module that doesn't exist is a ModuleNotFoundError that names it",
    async run({ open, run }) {
      const { error } = (await run(await open(), "import no_such_module_here")).execution;
      assert.equal(error?.name, "ModuleNotFoundError");
      assert.match(error?.message ?? "", /no_such_module_here/);
    },
  },
];
