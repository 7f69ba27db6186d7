// Joins the runner's modules into one Python file and writes it as a TypeScript string module.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../python/codelet_bridge/", import.meta.url);
const runnerModules = [
  "prelude",
  "wire",
  "limits",
  "start_of_repr",
  "codec_libraries",
  "codec_encode",
  "codec_decode",
  "channel",
  "errors",
  "interrupts",
  "readings",
  "calls",
  "output",
  "import_guard",
  "execution",
  "event_loop",
  "tool_errors",
  "signatures",
  "tools",
  "quiet_answers",
  "rich_parts",
  "figures",
  "after_loading",
  "child_flags",
  "replayed_loops",
  "world_functions",
  "rich_output",
  "namespace",
  "files",
  "session",
  "main",
];

/** One Python file: imports between the modules go away, since all names share one namespace then. */
export function bundlePython(modules = runnerModules) {
  const parts = modules.map((name) => {
    const source = readFileSync(new URL(`${name}.py`, folder), "utf8");
    for (const [, needed] of source.matchAll(/from \.(\w+) import/g)) {
      if (!modules.includes(needed)) throw new Error(`${name} imports ${needed}, which is not bundled.`);
    }
    return source
      .replace(/^[ ]*from \.\w+ import .*\n/gm, "")
      .replaceAll(/\n{3,}/g, "\n\n")
      .trimEnd();
  });
  const source = `${parts.join("\n\n")}\n`;
  if (/[^ -~\n]/.test(source)) throw new Error("The Python is sent with its length in characters: write ASCII only.");
  const names = Array.from(source.matchAll(/^(?:def|class|async def) (\w+)|^(\w+) = /gm), ([, defined, assigned]) => defined ?? assigned);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two modules define ${twice}, and they share one namespace once bundled.`);
  return source;
}

function writeModule(file, name, summary, source) {
  const text = `// Written by scripts/bundle-python.mjs.\n/** ${summary} */\nexport const ${name}: string = ${JSON.stringify(source)};\n`;
  writeFileSync(new URL(`../src/${file}`, import.meta.url), text);
}

/** The supervisor with the runner inside, as one file that needs no other. */
export function bundleSupervisor() {
  const source = bundlePython(["host_lines", "supervised_worker", "supervisor_step", "supervisor_port", "supervisor"]);
  return `${source}\n\nRUNNER = ${JSON.stringify(bundlePython())}\n\nif __name__ == "__main__":\n    supervise(sys.argv[1:], RUNNER)\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeModule(
    "python-runner.ts",
    "pythonRunner",
    "The Python that runs inside every sandbox: one file, stdlib only, Python 3.9 and later and Pyodide.",
    bundlePython(),
  );
  writeModule(
    "python-supervisor.ts",
    "pythonSupervisor",
    "What runs the runner where the host can only reach a process over a carrier: one file, stdlib only.",
    bundleSupervisor(),
  );
}
