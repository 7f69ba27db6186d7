import type { Model } from "@codelet/core";
import type { ModelCaseContext } from "./case-context.ts";
import type { ModelLacks, ResolvedModelContractOptions } from "./contract-options.ts";

/** One promise of the contract. */
export interface ModelCase {
  /** The behaviour in the present tense, with the group in front of it: the name that a deviation declares. */
  readonly name: string;
  /** What there has to be; a case whose need is not met is skipped and counted. */
  readonly needs?: readonly Need[] | undefined;
  run(context: ModelCaseContext): Promise<void>;
}

/** What may be lacking: what is declared, and what can be seen. */
export type Need = keyof ModelLacks | "stream" | "failurePiece";

/** What can be declared as lacking, so that a case is skipped. */
export function lacksOf({ needs = [] }: ModelCase): readonly Need[] {
  return needs.filter((need) => need !== "stream" && need !== "failurePiece");
}

/** Why a case doesn't apply to a model. */
export function unmetNeed({ needs = [] }: ModelCase, { lacks, wire }: ResolvedModelContractOptions, model: Model): string | undefined {
  for (const need of needs) {
    if (need === "stream") {
      if (model.stream === undefined) return "the model has no `stream`";
    } else if (need === "failurePiece") {
      if (wire.failurePiece === undefined) return "`wire.failurePiece` is not given";
    } else if (lacks[need] !== undefined) return `lacks.${need}: ${lacks[need]}`;
  }
  return undefined;
}
