import { isBuiltin } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { installedVersion } from "../setup.mjs";

const OUT = path.join(import.meta.dirname, "out");

/** Everything of core, against only what a program with one agent and one tool needs of a peer. */
const ENTRIES = [
  { subject: "codelet", source: 'export * from "@codelet/core";' },
  { subject: `ai ${installedVersion("ai")}`, source: 'export { ToolLoopAgent, tool } from "ai";' },
  { subject: `@openai/agents ${installedVersion("@openai/agents")}`, source: 'export { Agent, run, tool } from "@openai/agents";' },
];

/** Sizes of a browser bundle; Node's built-ins and core's optional executors stay outside. */
export async function measure() {
  const sizes = await Promise.all(ENTRIES.map(({ source }) => gzippedKb(source)));
  return ENTRIES.flatMap(({ subject }, index) =>
    ["at once", "in all"].map((part, column) => {
      const value = sizes[index][column];
      const comparison = index > 0 && { ratio: value / sizes[0][column], ratioTo: "codelet" };
      return { subject, measure: `min+gzip, ${part}`, value, unit: "KB", ...comparison };
    }),
  );
}

/** What is loaded with the entry, and that with what is loaded later, when it is needed. */
async function gzippedKb(source) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    splitting: true,
    metafile: true,
    outdir: OUT,
    absWorkingDir: OUT,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "silent",
    external: ["@codelet/executor-*"],
    plugins: [{ name: "built-ins stay outside", setup: keepBuiltinsOutside }],
  });
  const { outputs } = metafile;
  const entry = Object.keys(outputs).find((name) => outputs[name].entryPoint === "<stdin>");
  const atOnce = new Set([entry]);
  for (const name of atOnce)
    for (const { path: file, kind, external } of outputs[name].imports) if (kind === "import-statement" && !external) atOnce.add(file);
  const size = (files) => gzipSync(Buffer.concat(files.map(({ contents }) => contents)), { level: 9 }).length / 1_000;
  return [size(outputFiles.filter((file) => atOnce.has(path.relative(OUT, file.path)))), size(outputFiles)];
}

function keepBuiltinsOutside(bundler) {
  bundler.onResolve({ filter: /^[a-z]/ }, ({ path }) => (isBuiltin(path) ? { path, external: true } : undefined));
}
