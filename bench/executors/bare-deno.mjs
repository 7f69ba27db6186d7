import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const program = path.join(import.meta.dirname, "deno-program.js");
const cache = path.join(path.dirname(import.meta.dirname), ".cache");

/** Starts Deno and Pyodide from a snapshot, the very versions that executor-wasm uses, with nothing around them: the floor of its cold start. */
export async function prepareBareDeno() {
  const ours = createRequire(path.join(import.meta.dirname, "../../packages/executor-wasm/package.json"));
  const command = denoBinary(ours.resolve("deno/package.json"));
  const pyodide = path.dirname(ours.resolve("pyodide/package.json"));
  const snapshot = path.join(cache, `pyodide-${readJson(path.join(pyodide, "package.json")).version}.snapshot`);
  if (!existsSync(snapshot)) await makeSnapshot(command, pyodide, snapshot);
  return async () => {
    const startedAt = performance.now();
    await firstResult(command, [`--allow-read=${pyodide},${cache}`, program, pyodide, snapshot]);
    return performance.now() - startedAt;
  };
}

/** The npm package `deno` holds a script; the binary is in the one optional dependency that fits this machine. */
function denoBinary(packageFile) {
  const near = createRequire(packageFile);
  for (const name of Object.keys(readJson(packageFile).optionalDependencies)) {
    try {
      return path.join(path.dirname(near.resolve(`${name}/package.json`)), process.platform === "win32" ? "deno.exe" : "deno");
    } catch {
      // for another platform
    }
  }
  throw new Error("The deno package has no binary for this machine.");
}

async function makeSnapshot(command, pyodide, snapshot) {
  mkdirSync(cache, { recursive: true });
  const draft = `${snapshot}.${process.pid}`;
  await firstResult(command, [`--allow-read=${pyodide}`, `--allow-write=${cache}`, program, pyodide, draft, "make"]);
  renameSync(draft, snapshot);
}

/** Resolves with the first output; the process is gone when it does. */
async function firstResult(command, parameters) {
  const child = spawn(command, ["run", "--no-prompt", "--cached-only", "--no-config", "--no-lock", ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaints += text;
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const output = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", resolve);
    child.stdout.once("end", () => reject(new Error(`Deno ended without a result: ${complaints.trim()}`)));
  });
  child.kill("SIGKILL");
  await closed;
  return output;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
