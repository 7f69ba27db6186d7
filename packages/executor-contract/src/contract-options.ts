import type { Executor } from "@codelet/core";
import type { CaseContext } from "./case-context.ts";

/** The runner's `it`: Vitest's, node:test's, Mocha's, Jest's. A third argument that a runner doesn't know is ignored by it. */
export type RegisterTest = (name: string, run: (test: unknown) => Promise<void>, timeoutMs?: number) => unknown;

/** The runner's `describe`. */
export type RegisterGroup = (name: string, register: () => void) => unknown;

/** The promises of the contract, in the order in which they are tested. */
export const contractGroups = [
  "manifest",
  "state",
  "calls",
  "values",
  "output",
  "limits",
  "interrupts",
  "crashes",
  "imports",
  "isolation",
  "lifecycle",
  "files",
  "recovery",
  "replay",
  "conformance",
  "escapes",
] as const;

/** The name of a group of cases. */
export type GroupName = (typeof contractGroups)[number];

/** A case that this executor can't keep: declared, explained, and tested for what happens in its place. */
export interface Deviation {
  /** The full name of a case, such as `"values: a lone surrogate survives"`. */
  readonly case: string;
  /** Why, with a link to the cause. */
  readonly reason: string;
  /** Asserts what happens instead. Runs when the case itself has failed; a case that passes is a failure of the deviation. */
  readonly instead: (context: CaseContext) => Promise<void>;
}

/** What only the owner of a carrier can do to it. A case that needs a missing one is skipped and counted. */
export interface Faults {
  /** Cuts the connection to the sandbox of the session that was opened last; the session is expected to connect again. */
  readonly dropConnection?: (() => Promise<void>) | undefined;
  /** Ends the sandbox of the session that was opened last, from outside. @default SIGKILL to the new child processes of this one, on Linux */
  readonly killSandbox?: (() => Promise<void>) | undefined;
}

/** Where a fresh Node process finds the executor, to die with it at work. */
export interface ExecutorModule {
  /** Absolute path or file URL of an ES module. */
  readonly module: string | URL;
  /** The name of its export that makes the executor. */
  readonly factory: string;
  /** The factory's only argument, as JSON. */
  readonly options?: unknown;
}

/** What the suite needs: the runner's functions, the executor, and what that can't keep. */
export interface ContractOptions {
  readonly it: RegisterTest;
  readonly describe?: RegisterGroup | undefined;
  /** Shown in the titles. @default the executor's own name */
  readonly name?: string | undefined;
  /** Makes the executor; called once, when the first case runs. */
  readonly create: () => Executor;
  readonly deviations?: readonly Deviation[] | undefined;
  /** @default every group */
  readonly groups?: readonly GroupName[] | undefined;
  /** The share of the conformance data that has to be right, 0 to 1. @default 1 */
  readonly conformanceFloor?: number | undefined;
  /** Runs the long forms too: 100 sessions, and the whole escape corpus where a namespace of its own contains it. @default CODELET_FULL=1 */
  readonly full?: boolean | undefined;
  readonly faults?: Faults | undefined;
  /** Needed by the case that kills the host. Without it, that case is skipped and counted. */
  readonly module?: ExecutorModule | undefined;
}

/** Options with every default in place. */
export interface ResolvedContractOptions extends ContractOptions {
  readonly deviations: readonly Deviation[];
  readonly groups: readonly GroupName[];
  readonly conformanceFloor: number;
  readonly full: boolean;
  readonly faults: Faults;
}

// biome-ignore format: a table
const optionNames: { readonly [Name in keyof ContractOptions]-?: true } = {
  it: true, describe: true, name: true, create: true, deviations: true, groups: true,
  conformanceFloor: true, full: true, faults: true, module: true,
};

/** Throws TypeError when an option is wrong. */
export function resolveContractOptions(options: ContractOptions): ResolvedContractOptions {
  const unknown = Object.keys(options ?? {}).find((name) => !Object.hasOwn(optionNames, name));
  if (unknown !== undefined) throw new TypeError(`Expected an option of ${Object.keys(optionNames).join(", ")}, got \`${unknown}\``);
  if (typeof options?.it !== "function")
    throw new TypeError(`Expected \`it\` to be the test runner's function, got \`${options?.it}\` (${typeof options?.it})`);
  const { deviations = [], groups = contractGroups, conformanceFloor = 1, full = process.env.CODELET_FULL === "1", faults = {} } = options;
  if (typeof options.create !== "function") throw new TypeError("Expected `create` to be a function that makes the executor");
  if (!(conformanceFloor >= 0 && conformanceFloor <= 1)) {
    throw new TypeError(`Expected \`conformanceFloor\` to be a number from 0 to 1, got \`${conformanceFloor}\` (${typeof conformanceFloor})`);
  }
  for (const [name, list] of Object.entries({ groups, deviations }))
    if (!Array.isArray(list)) throw new TypeError(`Expected \`${name}\` to be a list, got ${typeof list}`);
  for (const group of groups) {
    if (!contractGroups.includes(group))
      throw new TypeError(`Expected \`groups\` to hold names out of ${contractGroups.join(", ")}, got \`${group}\``);
  }
  for (const { case: name, reason } of deviations) {
    if (!/https?:\/\//.test(reason)) throw new TypeError(`Expected the \`reason\` of the deviation \`${name}\` to hold a link to its cause`);
  }
  return { ...options, deviations, groups, conformanceFloor, full, faults };
}
