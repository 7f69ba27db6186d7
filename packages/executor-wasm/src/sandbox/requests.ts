/** What the host asks of a new process, as its first argument. */
export type SandboxRequest = BuildRequest | RunRequest;

/** Make the image's memory snapshot. */
export interface BuildRequest {
  readonly mode: "build";
  /** The image's folder, with a slash at its end. */
  readonly folder: string;
  /** Names of wheels in the folder. */
  readonly wheels: readonly string[];
  /** Python modules, run in order; each is a file in the folder, with `.py` after its name. */
  readonly modules: readonly string[];
}

/** Run a session from the image. */
export interface RunRequest {
  readonly mode: "run";
  readonly folder: string;
  readonly diskLimitBytes: number;
  /** A folder with a checkpoint's `memory.delta`, `files.bin` and `open-files.json`; and what its clock showed, in milliseconds. */
  readonly restore?: { readonly folder: string; readonly clockMs: number };
}

/** Python's `main()` asks for a checkpoint by returning this, and is called again. */
export const checkpointRequested = 1;

/** The process's exit code after `os._exit`, a fatal error of the interpreter, or ours. */
export const interpreterDied = 70;
