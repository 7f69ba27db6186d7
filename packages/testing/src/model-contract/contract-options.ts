import type { Model, ModelFunction } from "@codelet/core";
import type { ModelCaseContext } from "./case-context.ts";
import type { ModelWire } from "./model-wire.ts";

/** The runner's `it`: Vitest's, node:test's, Mocha's, Jest's. A third argument that a runner doesn't know is ignored by it. */
export type RegisterTest = (name: string, run: (test: unknown) => Promise<void>, timeoutMs?: number) => unknown;

/** The runner's `describe`. */
export type RegisterGroup = (name: string, register: () => void) => unknown;

/** The promises of the contract, in the order in which they are tested. */
export const modelContractGroups = ["answers", "calls", "stops", "requests", "history", "errors", "cuts", "aborts"] as const;

/** The name of a group of cases. */
export type ModelGroupName = (typeof modelContractGroups)[number];

/** What a provider, or its adapter, is without, each with the reason. */
export interface ModelLacks {
  /** Thoughts apart from the text. */
  readonly reasoning?: string | undefined;
  /** How many tokens were thoughts. */
  readonly reasoningTokens?: string | undefined;
  /** A proof of thoughts, which goes back with them. */
  readonly reasoningSignatures?: string | undefined;
  /** How many tokens were read from a cache. */
  readonly cacheRead?: string | undefined;
  /** How many tokens were written to a cache. */
  readonly cacheWrite?: string | undefined;
  /** An end by a filter. */
  readonly contentFilter?: string | undefined;
  /** An end that the kernel has no word for. */
  readonly otherReasons?: string | undefined;
  readonly tools?: string | undefined;
  readonly toolChoice?: string | undefined;
  /** Several calls in one answer. */
  readonly parallelCalls?: string | undefined;
  /** Ids of calls on the wire. */
  readonly callIds?: string | undefined;
  /** A proof of a call, which goes back with it. */
  readonly callSignatures?: string | undefined;
  /** Arguments of calls as text, which may be no JSON. */
  readonly argumentText?: string | undefined;
  readonly responseSchema?: string | undefined;
  /** An end of a call when nothing comes. */
  readonly silenceLimit?: string | undefined;
  /** An end of a call when too much comes. */
  readonly sizeLimit?: string | undefined;
}

// biome-ignore format: a table
const lackNames: { readonly [Name in keyof ModelLacks]-?: true } = {
  reasoning: true, reasoningTokens: true, reasoningSignatures: true, cacheRead: true, cacheWrite: true,
  contentFilter: true, otherReasons: true, tools: true, toolChoice: true, parallelCalls: true, callIds: true,
  callSignatures: true, argumentText: true, responseSchema: true, silenceLimit: true, sizeLimit: true,
};

/** Where the model has to go, and what a case wants of it. */
export interface ModelSetup {
  /** A server of the suite's, `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly baseURL: string;
  /** Sent along as the provider wants it. It must not come back in an error. */
  readonly apiKey: string;
  /** Milliseconds without a byte after which a call has to fail. @default undefined, the model's own choice */
  readonly silenceMs?: number | undefined;
  /** Bytes of an answer above which a call has to fail. @default undefined, the model's own choice */
  readonly maxBytes?: number | undefined;
}

/** A case that this model can't keep: declared, explained, and tested for what happens in its place. */
export interface ModelDeviation {
  /** The full name of a case, such as `"calls: two with the same id are two"`. */
  readonly case: string;
  /** Why, with a link to the cause where there is one. */
  readonly reason: string;
  /** Asserts what happens instead. Runs when the case itself has failed; a case that passes is a failure of the deviation. */
  readonly instead: (context: ModelCaseContext) => Promise<void>;
}

/** What the suite needs: the runner's functions, the model, how its provider speaks, and what it can't keep. */
export interface ModelContractOptions {
  readonly it: RegisterTest;
  readonly describe?: RegisterGroup | undefined;
  /** Shown in the titles. @default the model's own id */
  readonly name?: string | undefined;
  /** Makes the model, without a request; called often, and each time for a server of its own. */
  readonly create: (setup: ModelSetup) => Model | ModelFunction;
  readonly wire: ModelWire;
  /** What there isn't. Cases that need it are skipped and counted. */
  readonly lacks?: ModelLacks | undefined;
  readonly deviations?: readonly ModelDeviation[] | undefined;
  /** @default every group */
  readonly groups?: readonly ModelGroupName[] | undefined;
}

/** Options with every default in place. */
export interface ResolvedModelContractOptions extends ModelContractOptions {
  readonly lacks: ModelLacks;
  readonly deviations: readonly ModelDeviation[];
  readonly groups: readonly ModelGroupName[];
}

// biome-ignore format: a table
const optionNames: { readonly [Name in keyof ModelContractOptions]-?: true } = {
  it: true, describe: true, name: true, create: true, wire: true, lacks: true, deviations: true, groups: true,
};

/** Throws TypeError when an option is wrong. */
export function resolveModelContractOptions(options: ModelContractOptions): ResolvedModelContractOptions {
  checkWords("modelContract", Object.keys(options ?? {}), Object.keys(optionNames));
  const { lacks = {}, deviations = [], groups = modelContractGroups } = options ?? {};
  for (const [name, value] of Object.entries({
    it: options?.it,
    create: options?.create,
    "wire.read": options?.wire?.read,
  }))
    if (typeof value !== "function") throw new TypeError(`Expected \`${name}\` to be a function, got \`${value}\` (${typeof value})`);
  for (const [name, list] of Object.entries({ groups, deviations }))
    if (!Array.isArray(list)) throw new TypeError(`Expected \`${name}\` to be a list, got ${typeof list}`);
  checkWords("groups", groups, modelContractGroups);
  checkWords("lacks", Object.keys(lacks), Object.keys(lackNames));
  const reasons = [...Object.entries(lacks), ...deviations.map(({ case: name, reason }) => [name, reason] as const)];
  for (const [name, reason] of reasons)
    if (typeof reason !== "string" || reason === "") throw new TypeError(`Expected a reason for \`${name}\`, got \`${reason}\` (${typeof reason})`);
  return { ...options, lacks, deviations, groups };
}

function checkWords(what: string, words: readonly string[], known: readonly string[]): void {
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) throw new TypeError(`Expected \`${what}\` to have only ${known.join(", ")}, got \`${unknown}\``);
}
