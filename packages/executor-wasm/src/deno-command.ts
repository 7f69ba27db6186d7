/** How every Deno process of this package is started: without authority but for what is listed, without configuration, without the caller's environment. */
export interface DenoCommand {
  readonly entry: string;
  readonly argument: string;
  /** Files and folders that it may read until it gives that up. */
  readonly read: readonly string[];
  readonly write?: readonly string[];
  /** Deno's caches, `localStorage` and the Cache API live here. Never shared between sessions: code of one could leave data to another. */
  readonly denoDirectory: string;
  readonly maxMemoryBytes: number;
}

const wasmPageBytes = 65_536;

export function denoArguments({ entry, argument, read, write, maxMemoryBytes }: DenoCommand): string[] {
  const v8Flags = [
    "--disallow-code-generation-from-strings", // no eval and no Function(…), hence no import() of code's own
    `--wasm-max-mem-pages=${Math.floor(maxMemoryBytes / wasmPageBytes)}`,
    "--max-old-space-size=64",
    "--stack-size=3000", // KB; with V8's own 984, a deep but harmless recursion is a fatal error of the interpreter
  ];
  return [
    "run",
    ..."--no-prompt --cached-only --no-config --no-npm --no-remote --no-lock --no-check".split(" "),
    `--v8-flags=${v8Flags.join(",")}`,
    `--allow-read=${read.join(",")}`,
    ...(write ? [`--allow-write=${write.join(",")}`] : []),
    entry,
    argument,
  ];
}

export const denoEnvironment = (denoDirectory: string): Record<string, string> => ({
  DENO_DIR: denoDirectory,
  DENO_NO_UPDATE_CHECK: "1",
  NO_COLOR: "1",
});
