import { type OptionReader, option, readOptions, unexpectedOption } from "@codelet/bridge";

/** Options of `wasmExecutor`. */
export interface WasmExecutorOptions {
  /** Bytes of memory that Python's objects may take, the interpreter's own 30 MB included. From 64 MiB (67_108_864) to 4 GiB. @default 256 MiB */
  readonly memoryLimitBytes?: number | undefined;
  /** Bytes of the session's files, which are held in memory. From 1 MiB to 2 GiB. @default 64 MiB */
  readonly diskLimitBytes?: number | undefined;
  /** Milliseconds between an interrupt and the kill of code that does not end. From 0 to 60_000. @default 250 */
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

export function resolveOptions(options: WasmExecutorOptions): ResolvedWasmOptions {
  const resolved = readOptions<ResolvedWasmOptions>(options, {
    memoryLimitBytes: option.integer(256 * mebibyte, { minimum: 64 * mebibyte, maximum: 4096 * mebibyte }),
    diskLimitBytes: option.integer(64 * mebibyte, { minimum: mebibyte, maximum: 2048 * mebibyte }),
    graceMs: option.integer(250, { minimum: 0, maximum: 60_000 }),
    cacheDir: option.optional(folder("an absolute path without a comma")),
    packages: readPackages,
    packagesFrom: option.optional(readSource),
  });
  if (resolved.packages.length > 0 && resolved.packagesFrom === undefined)
    throw new TypeError("Expected `packagesFrom` beside `packages`: a folder with wheels, or the URL of an index, got `undefined`");
  return resolved;
}

/** Names are the same whatever their case and punctuation. @see https://packaging.python.org/en/latest/specifications/name-normalization/ */
export const normalizedName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

function readPackages(value: unknown = []): readonly PackageRequirement[] {
  if (!Array.isArray(value)) throw unexpectedOption("packages", "an array of strings", value);
  return value.map((entry: unknown) => {
    const parts = typeof entry === "string" ? /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==([A-Za-z0-9.!+_-]+))?$/.exec(entry) : null;
    if (parts?.[1] === undefined) throw unexpectedOption("packages", 'an array of names, with "==" and a version or without', entry);
    return { name: normalizedName(parts[1]), version: parts[2] };
  });
}

function readSource(value: unknown, name: string): string {
  if (typeof value === "string" && /^https?:\/\/./.test(value)) return value;
  return folder("the absolute path of a folder, or a URL with http or https")(value, name);
}

/** A comma would end the path in Deno's list of permitted folders. */
function folder(what: string): OptionReader<string> {
  return option.text("", what, /^(?:\/|[A-Za-z]:[\\/])[^\0,]*$/);
}
