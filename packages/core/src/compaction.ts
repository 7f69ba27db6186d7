import { fitSteps } from "./fit-steps.ts";
import { atLeast, checkOptions, type KnownOptions } from "./option-checks.ts";
import { type PromptScale, tokensOf } from "./prompt-size.ts";
import type { Compactor, LastPrompt } from "./step-callbacks.ts";
import { askForSummary, summarizeSteps } from "./summarize-steps.ts";

/** What {@link compactObservations} may be told. */
export interface CompactionOptions {
  /**
   * Tokens that a prompt may have, tools included. They are estimated, and the estimate is set right by what the model counted before: stay a few percent
   * below what the model takes. Minimum 500.
   */
  readonly maxInputTokens: number;
  /** What a compaction leaves of that. The less, the rarer compactions are, and the more each one takes. Above 0, below 1. @default 0.5 */
  readonly targetShare?: number | undefined;
  /** Actions at the end that stay as they are, where there is room. Minimum 1. @default 4 */
  readonly keepSteps?: number | undefined;
  /** Characters that an older observation or tool result keeps. Minimum 100. @default 500 */
  readonly maxOldCharacters?: number | undefined;
  /** For the estimate: about 4 for English, 3 for code, 1 for Chinese. Minimum 0.5. @default 3 */
  readonly charactersPerToken?: number | undefined;
  /** What a picture or a file counts as. Minimum 0. @default 1_000 */
  readonly tokensPerPicture?: number | undefined;
  /** Ask the run's model to sum up the oldest steps, instead of keeping a line of each. @default false */
  readonly summarize?: boolean | undefined;
}

interface ResolvedCompaction extends PromptScale {
  readonly maxInputTokens: number;
  readonly targetShare: number;
  readonly keepSteps: number;
  readonly maxOldCharacters: number;
  readonly summarize: boolean;
}

/**
 * Keeps prompts under a budget, rarely and in big bites: from one compaction to the next they begin the same, which providers cache. First older
 * observations, tool results and pictures are shortened, then the oldest steps become a summary. System prompt, task, newest plan and last steps stay.
 * `result.steps` is what is left; the events have told everything. Throws TypeError when an option is wrong.
 *
 * @example
 * const agent = new CodeAgent({ model, executor, compactor: compactObservations({ maxInputTokens: 50_000 }) });
 */
export function compactObservations(options: CompactionOptions): Compactor {
  const resolved = resolveOptions(options);
  const { maxInputTokens, targetShare, keepSteps, maxOldCharacters, charactersPerToken, summarize } = resolved;
  return async ({ memory, lastPrompt, generate }) => {
    const maxTokens = maxInputTokens / underestimate(lastPrompt, resolved);
    if (tokensOf(memory.toMessages(), resolved) <= maxTokens) return;
    const targetTokens = maxTokens * targetShare;
    const maxRequestCharacters = Math.floor(targetTokens * charactersPerToken);
    const fitted = await fitSteps(memory.steps, {
      maxTokens,
      targetTokens,
      keepSteps,
      maxOldCharacters,
      scale: resolved,
      summarize: (steps, maxCharacters) =>
        summarize ? askForSummary(steps, { maxCharacters, maxRequestCharacters, generate }) : summarizeSteps(steps, maxCharacters),
    });
    memory.edit(() => fitted);
  };
}

/** How many times the estimate the model's own count was; never below 1, so that a change of language does no harm. */
function underestimate(lastPrompt: LastPrompt | undefined, scale: PromptScale): number {
  return lastPrompt === undefined ? 1 : Math.max(1, lastPrompt.inputTokens / tokensOf(lastPrompt.messages, scale));
}

// biome-ignore format: a table
const compactionOptions: KnownOptions<CompactionOptions> = {
  maxInputTokens: true, targetShare: true, keepSteps: true, maxOldCharacters: true, charactersPerToken: true,
  tokensPerPicture: true, summarize: "true or false",
};

function resolveOptions(options: CompactionOptions): ResolvedCompaction {
  checkOptions("compactObservations", options, compactionOptions);
  const { maxInputTokens, targetShare = 0.5, keepSteps = 4, maxOldCharacters = 500 } = options;
  const { charactersPerToken = 3, tokensPerPicture = 1_000, summarize = false } = options;
  if (typeof targetShare !== "number" || !(targetShare > 0 && targetShare < 1))
    throw new TypeError(`Expected \`targetShare\` to be a number above 0 and below 1, got \`${targetShare}\` (${typeof targetShare})`);
  return {
    maxInputTokens: atLeast(500, "maxInputTokens", maxInputTokens),
    targetShare,
    keepSteps: atLeast(1, "keepSteps", keepSteps),
    maxOldCharacters: atLeast(100, "maxOldCharacters", maxOldCharacters),
    charactersPerToken: atLeast(0.5, "charactersPerToken", charactersPerToken),
    tokensPerPicture: atLeast(0, "tokensPerPicture", tokensPerPicture),
    summarize,
  };
}
