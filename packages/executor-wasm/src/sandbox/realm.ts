/**
 * What JavaScript can see while Python runs. The boundary is the process without permissions; this is the second layer: code that gets hold of the
 * JavaScript realm should find no operation in it. Three things work together:
 *
 * - V8's `--disallow-code-generation-from-strings` (set by the host): no `eval`, no `Function(…)`, hence no `import()` of code's own.
 * - Every global that isn't on the list below is deleted, after the modules here took what they need.
 * - Python's `js` module shows the stand-ins below instead of the real globals.
 */
const kept = new Set([
  // the language
  ..."Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error AggregateError EvalError".split(
    " ",
  ),
  ..."RangeError ReferenceError SyntaxError TypeError URIError globalThis JSON Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array".split(
    " ",
  ),
  ..."Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set".split(
    " ",
  ),
  ..."WeakMap WeakSet WeakRef Proxy Reflect FinalizationRegistry SharedArrayBuffer decodeURI decodeURIComponent encodeURI encodeURIComponent".split(
    " ",
  ),
  ..."escape unescape isFinite isNaN Iterator SuppressedError DisposableStack AsyncDisposableStack".split(" "),
  // what Pyodide and Emscripten use at run time
  ..."WebAssembly performance crypto TextEncoder TextDecoder setTimeout clearTimeout console".split(" "),
]);

const refuse = (): never => {
  throw new Error("JavaScript is not available in this sandbox");
};

/** Stands in for the global object in Python's `js` module. Pyodide's own modules import these names. */
export const inertGlobals: object = Object.freeze(
  Object.assign(Object.create(null), {
    eval: refuse,
    setTimeout: refuse,
    clearTimeout: refuse,
    setInterval: refuse,
    clearInterval: refuse,
  }),
);

/** Makes Pyodide take this for a plain shell: what it detects decides whether it touches `process`, `fetch` or the file system. */
export function presentPlainShell(readFile: (path: string) => Uint8Array<ArrayBuffer>): void {
  const globals = globalThis as Record<string, unknown>;
  for (const name of ["Deno", "process", "Buffer", "global"]) delete globals[name];
  globals.read = (path: string) => new TextDecoder().decode(readFile(path));
  // Pyodide asks for the WebAssembly file although it never uses it: ours is compiling by then.
  globals.readbuffer = (path: string) => (path.endsWith(".wasm") ? new ArrayBuffer(0) : readFile(path).buffer);
  globals.load = refuse;
  globals.window = Object.freeze({}); // Emscripten: a browser, so that random numbers come from `crypto`
}

/** Python's `time.monotonic()`, which must not run backwards: it counts from the start of a process, and goes on from here. */
export function setClock(milliseconds: number): void {
  const now = performance.now.bind(performance);
  const ahead = milliseconds - now();
  globalThis.performance = { now: () => now() + ahead } as typeof performance;
}

/**
 * Deletes every global that isn't needed, except symbols: Deno brands its global object with one. Runs last, before any user code. From then on errors have no
 * stack: it names the host's folders, and code that holds an error could raise the limit again.
 */
export function emptyRealm(): void {
  Object.defineProperty(Error, "stackTraceLimit", { value: 0, writable: false, configurable: false });
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (kept.has(name)) continue;
    if (!Reflect.deleteProperty(globalThis, name)) Reflect.set(globalThis, name, undefined);
  }
}

/** `console` writes to stdout in Deno, which is the frame stream. */
export function silenceConsole(write: (text: string) => void): void {
  const log = (...values: unknown[]): void => write(`${values.map(String).join(" ")}\n`);
  const names = Object.getOwnPropertyNames(console).filter((name) => typeof Reflect.get(console, name) === "function");
  globalThis.console = Object.fromEntries(names.map((name) => [name, log])) as unknown as Console;
}
