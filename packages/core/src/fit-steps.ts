import { Memory, type Step, type SummaryStep } from "./memory.ts";
import { type PromptScale, tokensOf } from "./prompt-size.ts";
import { shortenStep } from "./shorten-step.ts";

/** What steps have to fit into. */
export interface FitOptions {
  /** Tokens that must not be exceeded, and those that are left where anything had to go. */
  readonly maxTokens: number;
  readonly targetTokens: number;
  /** Actions at the end that are spared as long as possible. */
  readonly keepSteps: number;
  readonly maxOldCharacters: number;
  readonly scale: PromptScale;
  summarize(steps: readonly Step[], maxCharacters: number): SummaryStep | Promise<SummaryStep>;
}

/** Summaries stand before and behind the newest task and the newest plan. */
const mostSummaries = 3;
/** Characters of each observation that are tried in the end: first, and at least. */
const largestRest = 64_000;
const smallestRest = 100;

/** The steps made smaller, the least needed first: each measure is taken only when those before it were not enough. */
export async function fitSteps(given: readonly Step[], options: FitOptions): Promise<readonly Step[]> {
  const { maxTokens, targetTokens, keepSteps, maxOldCharacters, scale } = options;
  const tokens = (steps: readonly Step[]): number => tokensOf(new Memory(steps).toMessages(), scale);
  const shorten = (spared: number): void => {
    const end = startOfLast(spared, steps);
    steps = steps.map((step, index) => (index < end ? shortenStep(step, maxOldCharacters) : step));
  };
  const shortenAll = (): void => {
    const before = steps;
    for (let most = largestRest; tokens(steps) > maxTokens && most >= smallestRest; most = Math.floor(most / 2))
      steps = before.map((step) => shortenStep(step, most));
  };
  const merge = async (spared: number): Promise<void> => {
    const maxCharacters = Math.floor((targetTokens * scale.charactersPerToken) / (2 * mostSummaries));
    const reserve = mostSummaries * (maxCharacters / scale.charactersPerToken);
    steps = await mergeOldest(steps, startOfLast(spared, steps), {
      tooManyTokens: tokens(steps) + reserve - targetTokens,
      tokens,
      summarize: (merged) => options.summarize(merged, maxCharacters),
    });
  };
  let steps = given;
  shorten(keepSteps);
  if (tokens(steps) > targetTokens) await merge(keepSteps);
  if (tokens(steps) > targetTokens) shorten(1);
  if (tokens(steps) > maxTokens) await merge(1);
  shortenAll();
  return steps;
}

/** Where the last actions begin. */
function startOfLast(count: number, steps: readonly Step[]): number {
  let start = steps.length;
  for (let left = count; left > 0 && start > 0; ) if (steps[--start]?.type === "action") left--;
  return start;
}

interface MergeOptions {
  readonly tooManyTokens: number;
  tokens(steps: readonly Step[]): number;
  summarize(steps: readonly Step[]): SummaryStep | Promise<SummaryStep>;
}

/** As many of the oldest steps before `end` as it takes become summaries, in their place. */
async function mergeOldest(steps: readonly Step[], end: number, { tooManyTokens, tokens, summarize }: MergeOptions): Promise<readonly Step[]> {
  const task = steps.findLastIndex(({ type }) => type === "task");
  const plan = steps.findLastIndex(({ type }) => type === "planning");
  const merged: Step[] = [];
  let group: Step[] = [];
  let removed = 0;
  const closeGroup = async (): Promise<void> => {
    if (group.length > 0) merged.push(await summarize(group));
    group = [];
  };
  for (const [index, step] of steps.entries()) {
    const stays = step.type === "system" || index === task || index === plan || index >= end || removed >= tooManyTokens;
    if (stays) {
      await closeGroup();
      merged.push(step);
    } else {
      group.push(step);
      removed += tokens([step]);
    }
  }
  return merged;
}
