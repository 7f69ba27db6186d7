import { checkEnvironment, checkInteger, checkOptionNames, type ResolvedOptions, unexpectedOption } from "@codelet/bridge";

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
  /** Milliseconds between an interrupt and the kill of code that does not end. Minimum 0. @default 250 */
  readonly graceMs?: number | undefined;
}

export type ResolvedLocalOptions = ResolvedOptions<LocalExecutorOptions>;

const mebibyte = 2 ** 20;
const defaultPython = "python3";
const defaultMemoryLimitBytes = 1024 * mebibyte;
const defaultMaxProcesses = 128;
const defaultDiskLimitBytes = 256 * mebibyte;
const defaultGraceMs = 250;

export function resolveOptions(options: LocalExecutorOptions): ResolvedLocalOptions {
  const resolved: ResolvedLocalOptions = {
    python: checkPython(options.python ?? defaultPython),
    sandbox: checkSandbox(options.sandbox ?? "required"),
    memoryLimitBytes: checkInteger("memoryLimitBytes", options.memoryLimitBytes ?? defaultMemoryLimitBytes, { minimum: 64 * mebibyte }),
    maxProcesses: checkInteger("maxProcesses", options.maxProcesses ?? defaultMaxProcesses, { minimum: 4 }),
    diskLimitBytes: checkInteger("diskLimitBytes", options.diskLimitBytes ?? defaultDiskLimitBytes, { minimum: mebibyte }),
    env: checkEnvironment("env", options.env ?? {}),
    graceMs: checkInteger("graceMs", options.graceMs ?? defaultGraceMs, { minimum: 0 }),
  };
  checkOptionNames(options, resolved);
  return resolved;
}

function checkPython(value: unknown): string {
  const isName = typeof value === "string" && /^[^/\\\0\s]+$/.test(value) && !value.startsWith("-");
  const isPath = typeof value === "string" && value.startsWith("/") && !value.includes("\0");
  if (isName || isPath) return value;
  throw unexpectedOption("python", "a command's name or an absolute path", value);
}

function checkSandbox(value: unknown): LocalSandbox {
  if (value === "required" || value === "sandbox-runtime" || value === "none") return value;
  throw unexpectedOption("sandbox", '"required", "sandbox-runtime" or "none"', value);
}
