/** Runs a session. By the time user code runs, every permission is revoked and every global that could do something is gone. */
import { addChannelDevices, openChannel } from "./channel-device.ts";
import { type OpenFile, restoreFiles, takeCheckpoint } from "./checkpoint.ts";
import { applyDelta } from "./delta.ts";
import { deno } from "./deno.ts";
import type { Pyodide } from "./emscripten.ts";
import { giveUpAuthority } from "./give-up-authority.ts";
import { limitFiles, unpackFiles } from "./memory-files.ts";
import { addOutputDevices, openOutput } from "./output-device.ts";
import { compileWasm, startPyodide } from "./pyodide.ts";
import { presentPlainShell, setClock } from "./realm.ts";
import { recordKind } from "./record-format.ts";
import { writeRecord } from "./records.ts";
import { referencesOf } from "./references.ts";
import { checkpointRequested, type RunRequest } from "./requests.ts";
import { allocateSignals, openInterrupts } from "./signals.ts";
import { Worker } from "./web.ts";

/** Returns the process's exit code. */
export async function runSession(request: RunRequest): Promise<number> {
  const { folder, restore } = request;
  const compiled = compileWasm(folder);
  const snapshot = readSnapshot(request);
  const packages = deno.readFile(`${folder}packages.bin`).catch(() => undefined);
  const files = restore && deno.readFile(`${restore.folder}files.bin`);
  const openFiles = restore && deno.readFile(`${restore.folder}open-files.json`);
  const signals = allocateSignals();
  const watcher = new Worker(new URL(import.meta.url.replace(/[^/]+(?=\.(ts|js)$)/, "watcher")), { type: "module" });
  watcher.postMessage(signals);
  presentPlainShell(deno.readFileSync);
  if (restore) setClock(restore.clockMs);
  // The files below are there before the permissions go.
  const [packageFiles, restoredFiles, reopened] = await Promise.all([packages, files, openFiles]);
  const pyodide = await startPyodide(folder, compiled, { snapshot, beforePython: giveUpAuthority });

  const fs = pyodide._module.FS;
  const interrupts = openInterrupts(signals);
  addChannelDevices(fs, interrupts, addOutputDevices(fs));
  openOutput(fs);
  openChannel(fs);
  if (packageFiles) unpackFiles(fs, packageFiles);
  if (restoredFiles && reopened) restoreFiles(fs, restoredFiles, JSON.parse(new TextDecoder().decode(reopened)) as readonly OpenFile[]);
  limitFiles(fs, request.diskLimitBytes);
  pyodide.setInterruptBuffer(interrupts.pyodideWord);
  interrupts.awaitWatcher();
  return loop(pyodide, restore === undefined ? "new" : "restored");
}

async function readSnapshot({ folder, restore }: RunRequest): Promise<Uint8Array> {
  const base = deno.readFile(`${folder}snapshot.bin`);
  return restore ? applyDelta(await base, await deno.readFile(`${restore.folder}memory.delta`)) : await base;
}

/** Python owns the loop: it reads frames from its descriptor, and comes back only for what can't be done with Python on the stack. */
function loop(pyodide: Pyodide, start: "new" | "restored"): number {
  const { main } = pyodide.pyimport("codelet_platform") as { main: (start: "new" | "restored" | "continued") => number };
  const references = referencesOf(pyodide);
  references.hide();
  let code = main(start);
  while (code === checkpointRequested) {
    const { memory, files, openFiles } = takeCheckpoint(pyodide, references);
    const header = new TextEncoder().encode(JSON.stringify({ memory: memory.length, files: files.length, openFiles, clockMs: performance.now() }));
    writeRecord(recordKind.checkpoint, new Uint8Array(new Uint32Array([header.length]).buffer), header, memory, files);
    code = main("continued");
  }
  return code;
}
