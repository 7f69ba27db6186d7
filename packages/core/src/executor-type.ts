import { ConfigurationError, MissingPackageError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { ofKind } from "./option-checks.ts";

/** Options by executor type. Executor packages add theirs by module augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: augmented by executor packages
export interface ExecutorTypes {}

/** What an executor package exports as `createExecutor`. */
export type CreateExecutor = (options?: never) => Executor;

type Load = () => Promise<{ readonly createExecutor?: CreateExecutor }>;

// The casts keep the compiler from resolving optional packages; bundlers and Node still see literal names, and with a handler
// bundlers take a package that isn't there for an optional one.
const packages: Readonly<Record<"blaxel" | "docker" | "e2b" | "local" | "modal" | "wasm", Load>> = {
  blaxel: () => import("@codelet/executor-blaxel" as string).catch(rethrow),
  docker: () => import("@codelet/executor-docker" as string).catch(rethrow),
  e2b: () => import("@codelet/executor-e2b" as string).catch(rethrow),
  local: () => import("@codelet/executor-local" as string).catch(rethrow),
  modal: () => import("@codelet/executor-modal" as string).catch(rethrow),
  wasm: () => import("@codelet/executor-wasm" as string).catch(rethrow),
};

const registered = new Map<string, Load>();

type KnownType = keyof typeof packages | keyof ExecutorTypes;

/** Exactly one of `executor` and `executorType`. A type is a known name or the full name of a package, which is loaded at the first run. */
export type ExecutorChoice =
  | { readonly executor: Executor; readonly executorType?: never; readonly executorOptions?: never }
  | { [Type in KnownType]: TypeChoice<Type, Type extends keyof ExecutorTypes ? ExecutorTypes[Type] : object> }[KnownType]
  | TypeChoice<`${string}/${string}`, object>;

interface TypeChoice<Type, Options> {
  readonly executor?: never;
  readonly executorType: Type;
  readonly executorOptions?: Options | undefined;
}

/** Adds a name for `executorType`; declare it in {@link ExecutorTypes}. `load` gives a module that exports `createExecutor(options)`. */
export function registerExecutor(name: keyof ExecutorTypes, load: Load): void {
  registered.set(name, ofKind("a function", "load", load));
}

/**
 * The executor of a name: a registered one, a known type, or the package itself.
 * Rejects with `missing-package` (and the command that installs it) or `configuration`; a package that throws on load rejects with its own error.
 */
export async function loadExecutor(type: string, options?: object): Promise<Executor> {
  ofKind("text", "executorType", type);
  const known = Object.hasOwn(packages, type);
  const specifier = known ? `@codelet/executor-${type}` : type;
  const load = registered.get(type) ?? (known ? packages[type as keyof typeof packages] : packageLoader(type));
  let module: Awaited<ReturnType<Load>>;
  try {
    module = await load();
  } catch (cause) {
    if (!registered.has(type) && !isInstalled(specifier)) throw new MissingPackageError(specifier, `executorType "${type}"`, { cause });
    const missing = packageNotFound(cause); // one that the executor's package needs, such as a provider's SDK
    throw missing === undefined ? cause : new MissingPackageError(missing, specifier, { cause });
  }
  if (typeof module.createExecutor !== "function") throw new ConfigurationError(`The package ${specifier} exports no \`createExecutor\`.`);
  return checkExecutor(await module.createExecutor(options as never));
}

/** The executor itself. Throws TypeError when it is none. */
export function checkExecutor(executor: Executor): Executor {
  if (typeof executor?.open === "function") return executor;
  throw new TypeError(`Expected \`executor\` to be one, such as wasmExecutor(), got type \`${typeof executor}\`. A name is an \`executorType\`.`);
}

function rethrow(error: unknown): never {
  throw error;
}

function packageLoader(type: string): Load {
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
