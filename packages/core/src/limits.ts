import { atLeast } from "./at-least.ts";
import { LimitError } from "./errors.ts";
import { addUsage, noUsage, type Usage } from "./model.ts";

/** What a run may spend, with all its managed agents. Undefined means: no limit. */
export interface Limits {
  /** Actions of one agent. Minimum 1. @default 20 */
  readonly maxSteps?: number | undefined;
  /** Input and output tokens together. */
  readonly maxTokens?: number | undefined;
  /** In the currency of `price`, which it needs. */
  readonly maxCost?: number | undefined;
  /** Wall time in milliseconds, also in the middle of a step. */
  readonly maxDurationMs?: number | undefined;
  readonly maxToolCalls?: number | undefined;
}

/** What one answer of a model costs. */
export type Price = (usage: Usage, modelId: string) => number;

export const defaultMaxSteps = 20;

/** The one place that counts what a run tree spends, and says when it is too much. */
export class Ledger {
  readonly #limits: Limits;
  readonly #price: Price | undefined;
  usage: Usage = noUsage;
  cost = 0;
  toolCalls = 0;

  constructor(limits: Limits, price: Price | undefined) {
    for (const [name, value] of Object.entries(limits)) if (value !== undefined) atLeast(name === "maxCost" ? 0 : 1, name, value);
    if (limits.maxCost !== undefined && price === undefined)
      throw new TypeError("Expected `price` together with `maxCost`: (usage, modelId) => cost");
    this.#limits = limits;
    this.#price = price;
  }

  addUsage(usage: Usage, modelId: string): void {
    this.usage = addUsage(this.usage, usage);
    this.cost += this.#price?.(usage, modelId) ?? 0;
  }

  /** Throws {@link LimitError} when `step` may not begin. In the middle of a step a timer of the run watches the wall time. */
  checkStep(step: number, elapsedMs: number): void {
    const { maxSteps = defaultMaxSteps, maxTokens, maxCost, maxDurationMs } = this.#limits;
    if (maxDurationMs !== undefined && elapsedMs >= maxDurationMs) throw new LimitError("duration", elapsedMs, maxDurationMs);
    if (step > maxSteps) throw new LimitError("steps", step - 1, maxSteps);
    const tokens = this.usage.input + this.usage.output;
    if (maxTokens !== undefined && tokens >= maxTokens) throw new LimitError("tokens", tokens, maxTokens);
    if (maxCost !== undefined && this.cost >= maxCost) throw new LimitError("cost", this.cost, maxCost);
  }

  /** Counts a tool call; throws {@link LimitError} when it is one too many. */
  countToolCall(): void {
    const { maxToolCalls } = this.#limits;
    if (maxToolCalls !== undefined && this.toolCalls >= maxToolCalls) throw new LimitError("tool-calls", this.toolCalls, maxToolCalls);
    this.toolCalls++;
  }
}
