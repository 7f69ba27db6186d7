import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutorSession } from "@codelet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluate, openWasm, run } from "./testing/evaluate.ts";

const canary = "CANARY-4711";
let folder: string;
let hits = 0;
const server = createServer((_request, response) => {
  hits += 1;
  response.end(canary);
});
let session: ExecutorSession;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "codelet-canary-"));
  await writeFile(join(folder, "canary.txt"), canary);
  process.env.TMPDIR = folder; // the sessions' folders, apart from those of other tests
  process.env.CODELET_TEST_CANARY = canary;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  session = await openWasm();
}, 60_000);

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  server.close();
  delete process.env.CODELET_TEST_CANARY;
  await rm(folder, { recursive: true });
});

const collect = (body: string): string =>
  `import sys\ndef attempt():\n${body.replace(/^/gm, "    ")}\ntry:\n    said = repr(attempt())\nexcept BaseException as error:\n    said = repr(error)\nsaid`;

describe("code in the sandbox has no way to", () => {
  const path = (): string => JSON.stringify(join(folder, "canary.txt"));
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const attempts: Readonly<Record<string, () => string>> = {
    "the host's files": () => `return open(${path()}).read()`,
    "the host's files, through C": () => `import ctypes\nreturn ctypes.CDLL(None).open(${path()}.encode(), 0)`,
    "the host's files, through a mounted file system": () =>
      "import pyodide_js\npyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, {}, '/mnt')\nreturn 'mounted'",
    "the host's environment": () => "import os\nreturn dict(os.environ)",
    "the network, by a socket": () => `import urllib.request\nreturn urllib.request.urlopen(${JSON.stringify(url())}, timeout=2).read()`,
    "the network, by fetch": () => `import js\nreturn js.fetch(${JSON.stringify(url())})`,
    "the network, by Pyodide": () => `from pyodide.http import pyfetch\nimport asyncio\nreturn asyncio.run(pyfetch(${JSON.stringify(url())}))`,
    "a program, by os.system": () => `import os\nreturn os.system("echo ${"CANARY"}-4711")`,
    "a program, by subprocess": () => `import subprocess\nreturn subprocess.run(["cat", ${path()}], capture_output=True).stdout`,
    "Deno, through js": () => `import js\nreturn js.Deno.readTextFileSync(${path()})`,
    "Deno, through globalThis": () => `import js\nreturn js.globalThis.Deno.env.get("CODELET_TEST_CANARY")`,
    "JavaScript, by run_js": () => `from pyodide.code import run_js\nreturn run_js("Deno.env.get('CODELET_TEST_CANARY') + 'ran'")`,
    "JavaScript, by eval": () => "import js\nreturn js.eval('40 + 2').to_py()",
    "JavaScript, by a constructor": () => "import js\nreturn js.Object.constructor('return 40 + 2')()",
    "JavaScript, by a thrown error's class": () =>
      "from pyodide.ffi import JsException, to_js\nreturn to_js([]).constructor.constructor('return 40 + 2')()",
    "JavaScript, by Emscripten": () => `import ctypes\nreturn ctypes.CDLL(None).emscripten_run_script(b"console.log('${"CANARY"}-4711')")`,
    "a module of Node, by import()": () => `import js\nreturn js.eval("import('node:fs')")`,
    "a module of Node, by importing it": () => "import js\nreturn js.require('node:fs')",
    "a worker": () => "import js\nreturn js.Worker.new('data:text/javascript,')",
    "Pyodide's own interface": () => "import pyodide_js\nreturn pyodide_js._module.FS",
  };

  it.for(Object.keys(attempts))("%s", async (name) => {
    const code = collect(attempts[name]?.() ?? "");
    const { value, logs, error, stateLost } = await run(session, code, { timeoutMs: 5_000 });
    expect(JSON.stringify([value, logs, error])).not.toContain(canary);
    expect(String(value)).not.toMatch(/^(42|'mounted'|<JsProxy)/);
    expect({ error, stateLost }).toEqual({ error: undefined, stateLost: false });
    expect(hits).toBe(0);
  });
});

it.skipIf(process.platform !== "linux")("runs in a process that was told nothing of the host's environment", () => {
  const tasks = readdirSync("/proc/self/task").map((task) => readFileSync(`/proc/self/task/${task}/children`, "latin1"));
  const children = tasks.flatMap((pids) => pids.split(" ").filter(Boolean));
  const environments = children.map((pid) => readFileSync(`/proc/${pid}/environ`, "latin1")).join();
  expect(environments).toContain("DENO_DIR=");
  expect(environments).not.toContain(canary);
});

it("leaves no JavaScript that could write to the stream of frames", async () => {
  const names = "import js\n[n for n in ('console', 'process', 'Deno', 'WebAssembly', 'postMessage', 'localStorage', 'caches') if hasattr(js, n)]";
  expect(await evaluate(session, names)).toEqual([]);
});

it("refuses to start programs in Python's words, and goes on", async () => {
  expect(await evaluate(session, "import os\ntry:\n    os.system('true')\nexcept OSError as error:\n    said = str(error)\nsaid")).toContain(
    "os.system is not available",
  );
  expect(await evaluate(session, "2 + 2")).toBe(4);
});

it("hands nothing of one session to the next", async () => {
  const leave = [
    "import os, sys, builtins, tempfile",
    "open('/tmp/left', 'w').write('x'); open('left', 'w').write('x'); os.environ['LEFT'] = 'x'; builtins.left = sys.left = 1",
    "for store in ('localStorage', 'sessionStorage', 'caches'):",
    "    try:\n        import js; getattr(js, store).setItem('left', 'x')\n    except Exception: pass",
  ].join("\n");
  await session[Symbol.asyncDispose]();
  {
    await using first = await openWasm();
    expect((await run(first, leave)).error).toBeUndefined();
    // Deno's cache of this process is gone before code runs: it could not be found again if something were left in it.
    await expect.poll(sessionFolders).toEqual([]);
  }
  await using second = await openWasm();
  const look =
    "import os, sys, builtins\n[os.path.exists('/tmp/left'), os.path.exists('left'), 'LEFT' in os.environ, hasattr(builtins, 'left'), hasattr(sys, 'left'), os.listdir('/tmp')]";
  expect(await evaluate(second, look)).toEqual([false, false, false, false, false, []]);
});

async function sessionFolders(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("codelet-wasm-session-"));
}
