// Runs in Deno: `deno-program.js <pyodide folder> <snapshot> [make]`. Pyodide from a snapshot with nothing around it, or the snapshot itself.
import { readFileSync, writeFileSync } from "node:fs";

const [folder, snapshotFile, mode] = Deno.args;
const { loadPyodide } = await import(`file://${folder}/pyodide.mjs`);
const indexURL = `${folder}/`;

if (mode === "make") {
  const python = await loadPyodide({ indexURL, _makeSnapshot: true });
  python.runPython(
    "import asyncio, collections, contextlib, dataclasses, datetime, decimal, functools, inspect, itertools, json, random, re, statistics, typing",
  );
  writeFileSync(snapshotFile, python.makeMemorySnapshot());
  console.log("made");
} else {
  const python = await loadPyodide({ indexURL, _loadSnapshot: readFileSync(snapshotFile) });
  console.log(python.runPython("6 * 7"));
}
