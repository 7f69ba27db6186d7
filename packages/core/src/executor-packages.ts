import { ConfigurationError, MissingPackageError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import type { LoadExecutorPackage } from "./executor-type.ts";

/** Executor types that are packages of ours. */
export type PackageName = "blaxel" | "docker" | "e2b" | "local" | "modal" | "wasm";

type Registered = ReadonlyMap<string, LoadExecutorPackage>;

// The casts keep the compiler from resolving optional packages; bundlers and Node still see literal names, and with a handler
// bundlers take a package that isn't there for an optional one.
const packages: Readonly<Record<PackageName, LoadExecutorPackage>> = {
  blaxel: () => import("@codelet/executor-blaxel" as string).catch(rethrow),
  docker: () => import("@codelet/executor-docker" as string).catch(rethrow),
  e2b: () => import("@codelet/executor-e2b" as string).catch(rethrow),
  local: () => import("@codelet/executor-local" as string).catch(rethrow),
  modal: () => import("@codelet/executor-modal" as string).catch(rethrow),
  wasm: () => import("@codelet/executor-wasm" as string).catch(rethrow),
};

/** What the package of this name makes; `registered` come before the known ones. */
export async function createExecutor(type: string, registered: Registered, options?: object): Promise<Executor> {
  const known = Object.hasOwn(packages, type);
  const specifier = known ? `@codelet/executor-${type}` : type;
  const load = registered.get(type) ?? (known ? packages[type as PackageName] : packageLoader(type, registered));
  let module: Awaited<ReturnType<LoadExecutorPackage>>;
  try {
    module = await load();
  } catch (cause) {
    if (!registered.has(type) && !isInstalled(specifier)) throw new MissingPackageError(specifier, `executorType "${type}"`, { cause });
    const missing = packageNotFound(cause); // one that the executor's package needs, such as a provider's SDK
    throw missing === undefined ? cause : new MissingPackageError(missing, specifier, { cause });
  }
  if (typeof module.createExecutor !== "function")
    throw new ConfigurationError(
      `The package ${specifier} exports no \`createExecutor\`. A bundle for browsers leaves ours out: pass an \`executor\` there.`,
    );
  return module.createExecutor(options as never);
}

function rethrow(error: unknown): never {
  throw error;
}

function packageLoader(type: string, registered: Registered): LoadExecutorPackage {
  if (/^[^.].*\//.test(type)) return () => import(/* @vite-ignore */ /* webpackIgnore: true */ type);
  const names = [...Object.keys(packages), ...registered.keys()];
  throw new ConfigurationError(`There is no executor type "${type}". Known: ${names.join(", ")}, or a package by its name with a scope.`);
}

/** The package that an import inside the executor's own failed for: Node says its name in the message only. */
function packageNotFound(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === "ERR_MODULE_NOT_FOUND" ? /Cannot find package '([^']+)'/.exec(String(message))?.[1] : undefined;
}

/** Asks the module loader: a failed import doesn't tell the package itself from one that it needs. */
function isInstalled(specifier: string): boolean {
  try {
    return import.meta.resolve(specifier) !== "";
  } catch {
    return false;
  }
}
