import type { Executor } from "./executor.ts";
import type { PackageName } from "./executor-packages.ts";
import { ofKind } from "./option-checks.ts";

/** Options by executor type. Executor packages add theirs by module augmentation. */
// biome-ignore lint/suspicious/noEmptyInterface: augmented by executor packages
export interface ExecutorTypes {}

/** Imports an executor package: what it exports makes the executor. */
export type LoadExecutorPackage = () => Promise<{ readonly createExecutor?: (options?: never) => Executor }>;

const registered = new Map<string, LoadExecutorPackage>();

type KnownType = PackageName | keyof ExecutorTypes;

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
export function registerExecutor(name: keyof ExecutorTypes, load: LoadExecutorPackage): void {
  registered.set(name, ofKind("a function", "load", load));
}

/**
 * The executor of a name: a registered one, a known type, or the package itself.
 * Rejects with `missing-package` (and the command that installs it) or `configuration`; a package that throws on load rejects with its own error.
 */
export async function loadExecutor(type: string, options?: object): Promise<Executor> {
  const { createExecutor } = await import("./executor-packages.ts");
  return checkExecutor(await createExecutor(ofKind("text", "executorType", type), registered, options));
}

/** The executor itself. Throws TypeError when it is none. */
export function checkExecutor(executor: Executor): Executor {
  if (typeof executor?.open === "function") return executor;
  throw new TypeError(`Expected \`executor\` to be one, such as wasmExecutor(), got type \`${typeof executor}\`. A name is an \`executorType\`.`);
}
