import type { AgentDefinition } from "./definition.ts";
import { ConfigurationError, LimitError, type LimitName } from "./errors.ts";
import { addUsage, noUsage, type Usage } from "./model.ts";
import { atLeast, checkOptions } from "./option-checks.ts";

/** What a run may spend together with all its managed agents. Absent: no limit. */
export interface Budget {
  /** Actions of all agents of the run together. Minimum 1. */
  readonly steps?: number | undefined;
  /** Answers of models, retries apart. Minimum 1. */
  readonly modelCalls?: number | undefined;
  /** Minimum 1. */
  readonly inputTokens?: number | undefined;
  /** Reasoning included. Minimum 1. */
  readonly outputTokens?: number | undefined;
  /** US dollars. Minimum 0. Needs a `price` that knows the model of each agent, else the agent's constructor throws `configuration`. */
  readonly costUsd?: number | undefined;
  /** Minimum 1. */
  readonly toolCalls?: number | undefined;
  /** Milliseconds, also in the middle of a step; time in which the run is suspended is not counted. Minimum 1. */
  readonly wallTimeMs?: number | undefined;
}

/** US dollars that one answer of a model costs; undefined for a model that it doesn't know. */
export type Price = (usage: Usage, modelId: string) => number | undefined;

export const defaultMaxSteps = 20;

/** How much was spent of what counts. */
export type Spent = Readonly<Record<Exclude<LimitName, "wallTimeMs">, number>>;

const nothing: Spent = { steps: 0, modelCalls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0, toolCalls: 0 };

/** The one place that counts what a run spends, with all its managed agents, and says when it is too much. */
export class Ledger {
  readonly #budget: Budget;
  readonly price: Price | undefined;
  readonly #parent: Ledger | undefined;
  readonly #spent: Record<keyof Spent, number> = { ...nothing };
  readonly #thrown = new WeakSet<object>();
  usage: Usage = noUsage;

  constructor(budget: Budget, price: Price | undefined, parent?: Ledger) {
    this.#budget = budget;
    this.price = price ?? parent?.price;
    this.#parent = parent;
  }

  /** Until now. */
  get spent(): Spent {
    return { ...this.#spent };
  }

  /** What may still be counted, here and in all managers' runs. */
  left(name: keyof Spent): number {
    const own = (this.#budget[name] ?? Number.POSITIVE_INFINITY) - this.#spent[name];
    return Math.min(own, this.#parent?.left(name) ?? Number.POSITIVE_INFINITY);
  }

  /** For an answer that is asked for. The last one of a run that has reached its limit is only checked by its managers. */
  checkModelCall({ isLast }: { readonly isLast: boolean }): void {
    (isLast ? this.#parent : this)?.check("modelCalls", "inputTokens", "outputTokens", "costUsd");
  }

  /** Ends the run itself, and not its manager's. */
  reached(limit: LimitName, value: number, max: number): LimitError {
    const error = new LimitError(limit, value, max);
    this.#thrown.add(error);
    return error;
  }

  /** Whether the error is of this run's own limits. */
  hasReached(error: unknown): error is LimitError {
    return this.#thrown.has(error as LimitError);
  }

  /** Throws {@link LimitError} when there is no room for one more, here or in a manager's run. */
  check(...names: readonly (keyof Spent)[]): void {
    if (this.#parent) this.#parent.check(...names);
    for (const name of names) {
      const max = this.#budget[name];
      if (max !== undefined && this.#spent[name] >= max) throw this.reached(name, this.#spent[name], max);
    }
  }

  /** `more` is what was not counted when it was spent. */
  addUsage(usage: Usage, modelId: string, more: Partial<Spent> = {}): void {
    const costUsd = this.price?.(usage, modelId) ?? 0;
    const isPrice = Number.isFinite(costUsd) && costUsd >= 0;
    this.add({ ...more, inputTokens: usage.input, outputTokens: usage.output, costUsd: isPrice ? costUsd : 0 }, usage);
    if (!isPrice) throw new ConfigurationError(`\`price\` says that an answer of ${modelId} costs ${costUsd}: expected a number of dollars.`);
  }

  /** Counts without a check. */
  add(amounts: Partial<Spent>, usage?: Usage): void {
    for (const [name, amount] of Object.entries(amounts)) this.#spent[name as keyof Spent] += amount;
    this.usage = addUsage(this.usage, usage);
    if (this.#parent) this.#parent.add(amounts, usage);
  }
}

/** Throws TypeError for a limit that is none, and ConfigurationError for a cost that nobody can tell, of an agent or one below it. */
export function checkBudget(budget: Budget, agents: readonly Pick<AgentDefinition, "modelId" | "price">[]): Budget {
  checkOptions("budget", budget, { ...nothing, wallTimeMs: 0 });
  for (const [name, value] of Object.entries(budget)) if (value !== undefined) atLeast(name === "costUsd" ? 0 : 1, `budget.${name}`, value);
  const unknown = agents.find(({ price, modelId }) => price?.(noUsage, modelId) === undefined);
  if (budget.costUsd !== undefined && unknown !== undefined)
    throw new ConfigurationError(
      `\`budget.costUsd\` needs to know what the model ${unknown.modelId} costs: set \`price: (usage, modelId) => dollars\`, or pricesOf(…) of @codelet/core/prices.`,
    );
  return budget;
}
