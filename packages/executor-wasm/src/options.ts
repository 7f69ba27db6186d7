import { checkInteger, checkOptionNames, unexpectedOption } from "@codelet/bridge";

/** Options of `wasmExecutor`. */
export interface WasmExecutorOptions {
  /** Bytes of memory that Python's objects may take, the interpreter's own 30 MB included. From 64 MiB (67_108_864) to 4 GiB. @default 256 MiB */
  readonly memoryLimitBytes?: number | undefined;
  /** Bytes of the session's files, which are held in memory. Minimum 1 MiB. @default 64 MiB */
  readonly diskLimitBytes?: number | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end. Minimum 0. @default 250 */
  readonly graceMs?: number | undefined;
  /** An absolute path: the folder of the images that sessions start from, shared by processes. @default `$XDG_CACHE_HOME/codelet` or `~/.cache/codelet` */
  readonly cacheDir?: string | undefined;
  /**
   * Pure Python packages to import beside the standard library: `"attrs"`, or `"attrs==25.3.0"`. List what they need themselves too; there is no resolver.
   * Needs `packagesFrom`. @default []
   */
  readonly packages?: readonly string[] | undefined;
  /**
   * Where the wheels of `packages` are: the absolute path of a folder, or the URL of an index (`"https://pypi.org/simple"`), which is asked once: what was
   * found is kept in `cacheDir`. @default none
   */
  readonly packagesFrom?: string | undefined;
}

export interface ResolvedWasmOptions {
  readonly memoryLimitBytes: number;
  readonly diskLimitBytes: number;
  readonly graceMs: number;
  readonly cacheDir: string | undefined;
  readonly packages: readonly PackageRequirement[];
  readonly packagesFrom: string | undefined;
}

export interface PackageRequirement {
  /** As indexes spell it: lower case, with hyphens. */
  readonly name: string;
  readonly version: string | undefined;
}

const mebibyte = 2 ** 20;
const minMemoryLimitBytes = 64 * mebibyte;
const maxMemoryLimitBytes = 4096 * mebibyte;
const defaultMemoryLimitBytes = 256 * mebibyte;
const defaultDiskLimitBytes = 64 * mebibyte;
const maxDiskLimitBytes = 2048 * mebibyte;
const defaultGraceMs = 250;
const maxGraceMs = 60_000;

export function resolveOptions(options: WasmExecutorOptions): ResolvedWasmOptions {
  const packages = checkPackages(options.packages ?? []);
  const packagesFrom = options.packagesFrom === undefined ? undefined : checkSource(options.packagesFrom);
  if (packages.length > 0 && packagesFrom === undefined) {
    throw new TypeError("Expected `packagesFrom` beside `packages`: a folder with wheels, or the URL of an index, got `undefined`");
  }
  const resolved: ResolvedWasmOptions = {
    memoryLimitBytes: checkInteger("memoryLimitBytes", options.memoryLimitBytes ?? defaultMemoryLimitBytes, {
      minimum: minMemoryLimitBytes,
      maximum: maxMemoryLimitBytes,
    }),
    diskLimitBytes: checkInteger("diskLimitBytes", options.diskLimitBytes ?? defaultDiskLimitBytes, {
      minimum: mebibyte,
      maximum: maxDiskLimitBytes,
    }),
    graceMs: checkInteger("graceMs", options.graceMs ?? defaultGraceMs, { minimum: 0, maximum: maxGraceMs }),
    cacheDir: options.cacheDir === undefined ? undefined : checkFolder("cacheDir", options.cacheDir),
    packages,
    packagesFrom,
  };
  checkOptionNames(options, resolved);
  return resolved;
}

/** Names are the same whatever their case and punctuation. @see https://packaging.python.org/en/latest/specifications/name-normalization/ */
export const normalizedName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

function checkPackages(value: unknown): readonly PackageRequirement[] {
  if (!Array.isArray(value)) throw unexpectedOption("packages", "an array of strings", value);
  return value.map((entry: unknown) => {
    const parts = typeof entry === "string" ? /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==([A-Za-z0-9.!+_-]+))?$/.exec(entry) : null;
    if (parts?.[1] === undefined) throw unexpectedOption("packages", 'an array of names, with "==" and a version or without', entry);
    return { name: normalizedName(parts[1]), version: parts[2] };
  });
}

function checkSource(value: unknown): string {
  if (typeof value === "string" && /^https?:\/\/./.test(value)) return value;
  return checkFolder("packagesFrom", value, "the absolute path of a folder, or a URL with http or https");
}

/** A comma would end the path in Deno's list of permitted folders. */
function checkFolder(name: string, value: unknown, what = "an absolute path without a comma"): string {
  const isPath = typeof value === "string" && /^(?:\/|[A-Za-z]:[\\/])/.test(value) && !/[\0,]/.test(value);
  if (isPath) return value;
  throw unexpectedOption(name, what, value);
}
