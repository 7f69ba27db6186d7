/** Starts Pyodide from the image's files, from a memory snapshot when there is one. */
import { deno } from "./deno.ts";
import type { Pyodide, PyodideModule } from "./emscripten.ts";
import { inertGlobals } from "./realm.ts";
import { startWithoutReferences } from "./references.ts";
import { type Imports, type WasmModule, WebAssembly } from "./web.ts";

interface Settings {
  instantiateWasm: (imports: Imports, done: (instance: object, module: WasmModule) => void) => object;
}
type CreateModule = (settings: Settings) => Promise<PyodideModule>;
type LoadPyodide = (options: Record<string, unknown>) => Promise<Pyodide>;

/** Python sees these only. `PYTHONHASHSEED` is part of the snapshot's memory: every session hashes strings alike. */
const environment = {
  HOME: "/home/codelet",
  USER: "codelet",
  LOGNAME: "codelet",
  PATH: "",
  PWD: "/home/codelet",
  LANG: "C.UTF-8",
  TZ: "UTC",
  PYTHONHASHSEED: "0",
  _: "",
};

/** Starts at once, so that V8's threads compile while this one loads modules. */
export async function compileWasm(folder: string): Promise<WasmModule> {
  return await WebAssembly.compile(await deno.readFile(`${folder}pyodide.asm.wasm`));
}

interface SnapshotStart {
  readonly snapshot: Promise<Uint8Array>;
  /** All files are read, and no Python has run yet: from here on it may be user code's. */
  readonly beforePython: () => void;
}

export async function startPyodide(folder: string, compiled: Promise<WasmModule>, start?: SnapshotStart): Promise<Pyodide> {
  const load = ((await import(`file://${folder}pyodide.mjs`)) as { loadPyodide: LoadPyodide }).loadPyodide;
  const create = ((await import(`file://${folder}pyodide.asm.mjs`)) as { default: CreateModule }).default;
  let showReferences = (): void => {};
  const pyodide = await load({
    indexURL: folder,
    jsglobals: inertGlobals,
    env: environment,
    // Without a lock file, no package is ever looked for.
    lockFileContents: JSON.stringify({
      info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten", python: "3.14", version: "314.0.7" },
      packages: {},
    }),
    packageBaseUrl: "/",
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    _makeSnapshot: true, // needed for loading too
    ...(start && { _loadSnapshot: start.snapshot, _snapshotDeserializer: () => inertGlobals }),
    createPyodideModule: async (settings: Settings) => {
      const module = await create({ ...settings, instantiateWasm: instantiate(compiled) });
      if (start === undefined) return module;
      module.growMemory(memoryBytes(await start.snapshot)); // a session may have needed more than Pyodide starts with
      showReferences = startWithoutReferences(module.API);
      start.beforePython();
      return module;
    },
  });
  showReferences();
  return pyodide;
}

/** C functions that evaluate JavaScript or run a command. They would fail anyway, but as a fatal error of the interpreter: `ctypes` can call them. */
const closedImports = {
  emscripten_run_script: signed("vp", () => undefined),
  emscripten_run_script_int: signed("ip", () => 0),
  emscripten_run_script_string: signed("pp", () => 0),
  emscripten_async_run_script: signed("vpi", () => undefined),
  _emscripten_system: signed("ip", () => -1),
};

/** Emscripten's note of a function's C type, without which finding it by name is a fatal error. */
function signed(sig: string, call: () => number | undefined): () => number | undefined {
  return Object.assign(call, { sig });
}

/** A snapshot is a header, whose second word is its own length, and the memory. */
const memoryBytes = (snapshot: Uint8Array): number => snapshot.length - new DataView(snapshot.buffer, snapshot.byteOffset).getUint32(4, true);

function instantiate(compiled: Promise<WasmModule>): Settings["instantiateWasm"] {
  return (imports, done) => {
    const error = Symbol("error");
    Object.assign(imports.env ?? {}, closedImports, {
      Jsv_GetError_import: () => error,
      JsvError_Check: (value: unknown) => (value === error ? 1 : 0),
    });
    void compiled.then(async (module) => done(await WebAssembly.instantiate(module, imports), module));
    return {};
  };
}
