import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonRunner } from "@codelet/bridge";

/** What goes into an image: each file of its folder with where it comes from. */
export interface ImageSources {
  /** Names in the image's folder to paths. */
  readonly files: ReadonlyMap<string, string>;
  readonly wheels: readonly string[];
  /** Python modules by name, run before the snapshot. */
  readonly modules: readonly (readonly [name: string, source: string])[];
  /** `main.js`, or `main.ts` where this package runs from its source. */
  readonly entry: string;
  /** Changes with everything that could make a different image. */
  readonly key: string;
}

const require = createRequire(import.meta.url);
const pyodideFiles = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];

export function imageSources(wheelPaths: readonly string[]): ImageSources {
  const pyodide = dirname(require.resolve("pyodide/package.json"));
  const sandbox = fileURLToPath(new URL("./sandbox/", import.meta.url));
  const scripts = readdirSync(sandbox).filter((name) => /\.(js|ts)$/.test(name) && !/\.(test|d)\.ts$/.test(name));
  const modules = [
    ["codelet_platform", readPython("platform.py")],
    ["codelet_bridge", pythonRunner],
    ["codelet_session", readPython("session.py")],
  ] as const;

  const hash = createHash("sha256");
  for (const name of ["deno", "pyodide"]) hash.update(`${name}@${(require(`${name}/package.json`) as { version: string }).version}\n`);
  hash.update(`${process.platform}-${process.arch}\n`);
  for (const name of scripts) hash.update(`${name}\n`).update(readFileSync(join(sandbox, name)));
  for (const [name, source] of modules) hash.update(`${name}\n${source}`);
  for (const path of wheelPaths) hash.update(`${basename(path)}\n`).update(readFileSync(path));

  const files = new Map([
    ...pyodideFiles.map((name) => [name, join(pyodide, name)] as const),
    ...scripts.map((name) => [name, join(sandbox, name)] as const),
    ...wheelPaths.map((path) => [basename(path), path] as const),
  ]);
  const entry = files.has("main.js") ? "main.js" : "main.ts";
  return { files, wheels: wheelPaths.map((path) => basename(path)), modules, entry, key: hash.digest("hex").slice(0, 24) };
}

const readPython = (name: string): string => readFileSync(new URL(`../python/${name}`, import.meta.url), "utf8");
