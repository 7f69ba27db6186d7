import { option, type ResolvedOptions, readOptions } from "@codelet/bridge";

/** What stands around the code; see {@link LocalExecutorOptions.sandbox}. */
export type LocalSandbox = "required" | "sandbox-runtime" | "none";

/** Options of `localExecutor`. */
export interface LocalExecutorOptions {
  /** The interpreter, CPython 3.9 or newer: a name on `PATH` or an absolute path, also of a virtual environment. @default "python3" */
  readonly python?: string | undefined;
  /**
   * `"required"`: inside bubblewrap, without network, home folder or other processes; Linux only. `"sandbox-runtime"`: inside the sandbox of the optional package
   * `@anthropic-ai/sandbox-runtime`, also on macOS; what it isolates there is in the README. `"none"`: with all of your rights, for code that you would run yourself.
   * @default "required"
   */
  readonly sandbox?: LocalSandbox | undefined;
  /** Bytes of memory of a session's processes together. Minimum 64 MiB (67_108_864). @default 1 GiB */
  readonly memoryLimitBytes?: number | undefined;
  /** Processes and threads of a session together. Minimum 4. @default 128 */
  readonly maxProcesses?: number | undefined;
  /** Bytes of the session's own folder, which is held in memory in the sandbox; enforced in both sandboxes on Linux. Minimum 1 MiB. @default 256 MiB */
  readonly diskLimitBytes?: number | undefined;
  /** Environment variables of the code, in addition to the few that Python needs. Nothing is inherited. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 250 */
  readonly graceMs?: number | undefined;
}

export type ResolvedLocalOptions = ResolvedOptions<LocalExecutorOptions>;

const mebibyte = 2 ** 20;

export function resolveOptions(options: LocalExecutorOptions): ResolvedLocalOptions {
  return readOptions<ResolvedLocalOptions>(options, {
    python: option.text("python3", "a command's name or an absolute path", /^(?:(?!-)[^/\\\0\s]+|\/[^\0]*)$/),
    sandbox: option.oneOf("required", "sandbox-runtime", "none"),
    memoryLimitBytes: option.integer(1024 * mebibyte, { minimum: 64 * mebibyte }),
    maxProcesses: option.integer(128, { minimum: 4 }),
    diskLimitBytes: option.integer(256 * mebibyte, { minimum: mebibyte }),
    env: option.environment,
    graceMs: option.integer(250, { minimum: 0 }),
  });
}
