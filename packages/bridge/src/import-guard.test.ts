import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

test("lets code import what is authorized and the harmless part of the library", async () => {
  await using session = await openSession({ authorizedImports: ["xml.*", "sqlite3"] });
  const allowed = [
    "import math, json, re",
    "import xml.dom.minidom",
    "from xml.etree import ElementTree",
    "import sqlite3",
    "import collections.abc",
    "from datetime import datetime",
    "import asyncio",
    "from __future__ import annotations",
  ];
  for (const code of allowed) expect((await run(session, code)).error, code).toBeUndefined();
});

test.each([
  "import os",
  "from os import path",
  "import sqlite3.dbapi2",
  "import xmlrpc.client",
  "__import__('subprocess')",
  "def f():\n    import socket\nf()",
  "exec('import os')",
  "import importlib",
])("refuses %j and says what is allowed", async (code) => {
  await using session = await openSession({ authorizedImports: ["xml.*", "sqlite3"] });
  expect((await run(session, code)).error).toMatchObject({ name: "ImportError", message: expect.stringMatching(/not authorized.*xml\.\*, sqlite3/) });
});

test("allows only the harmless part under an empty list, and everything without one or with a star", async () => {
  await using none = await openSession({ authorizedImports: [] });
  expect((await run(none, "import math")).error).toBeUndefined();
  expect((await run(none, "import os")).error?.name).toBe("ImportError");
  for (const authorizedImports of [undefined, ["*"]]) {
    await using all = await openSession({ authorizedImports });
    expect((await run(all, "import os, socket, xml.dom")).error).toBeUndefined();
    expect((await run(all, "import builtins\nbuiltins.input = lambda prompt: prompt\ninput('patched')")).value).toBe("patched");
  }
});

test("lets what is bound in the module builtins reach code under a list too, and still guards its imports", async () => {
  await using session = await openSession({ authorizedImports: ["builtins", "unittest.*"] });
  await run(session, "import builtins\nfrom unittest.mock import patch\ndef ask():\n    return input('How many? ')");
  const mocked = await run(session, "with patch('builtins.input', return_value='7'):\n    answer = ask()\nanswer");
  expect(mocked).toMatchObject({ value: "7", logs: "" });
  expect((await run(session, "ask()")).error?.name).toBe("EOFError");
  expect((await run(session, "builtins.helper = lambda: 'helped'\nhelper()")).value).toBe("helped");
  expect((await run(session, "del builtins.helper\nhelper()")).error?.name).toBe("NameError");
  const imports = "with patch('builtins.__import__', side_effect=KeyError):\n    import ";
  expect((await run(session, `${imports}math`)).error?.name).toBe("KeyError");
  for (const code of [`${imports}os`, "import os", "builtins.__import__ = builtins.__import__\nimport os"])
    expect((await run(session, code)).error, code).toMatchObject({ name: "ImportError", message: expect.stringMatching(/not authorized/) });
});
