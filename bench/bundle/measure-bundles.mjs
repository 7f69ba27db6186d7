import { isBuiltin } from "node:module";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { installedVersion } from "../setup.mjs";

/** Everything of core, against only what a program with one agent and one tool needs of a peer. */
const ENTRIES = [
  { subject: "codelet", source: 'export * from "@codelet/core";' },
  { subject: `ai ${installedVersion("ai")}`, source: 'export { ToolLoopAgent, tool } from "ai";' },
  { subject: `@openai/agents ${installedVersion("@openai/agents")}`, source: 'export { Agent, run, tool } from "@openai/agents";' },
];

/** Size of a browser bundle; Node's built-ins and core's optional executors stay outside. */
export async function measure() {
  const sizes = await Promise.all(ENTRIES.map(({ source }) => gzippedKb(source)));
  return ENTRIES.map(({ subject }, index) => {
    const comparison = index > 0 && { ratio: sizes[index] / sizes[0], ratioTo: "codelet" };
    return { subject, measure: "min+gzip", value: sizes[index], unit: "KB", ...comparison };
  });
}

async function gzippedKb(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "silent",
    external: ["@codelet/executor-*"],
    plugins: [{ name: "built-ins stay outside", setup: keepBuiltinsOutside }],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length / 1_000;
}

function keepBuiltinsOutside(bundler) {
  bundler.onResolve({ filter: /^[a-z]/ }, ({ path }) => (isBuiltin(path) ? { path, external: true } : undefined));
}
