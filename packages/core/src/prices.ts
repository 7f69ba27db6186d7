import type { Price } from "./limits.ts";
import { checkOptions, ofKind } from "./option-checks.ts";

/** What a model costs, in US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  /** Input that the provider had cached. @default `input` */
  readonly cacheRead?: number | undefined;
  /** Input that the provider puts into its cache. @default `input` */
  readonly cacheWrite?: number | undefined;
}

/** Prices by model id. */
export type PriceTable = Readonly<Record<string, ModelPrice>>;

/** What may follow an id in that of a release of the same model: a date, a number of three digits or more, "latest". */
const release = /^[-@:](?:\d{3,}[\w.-]*|latest)$/;

/**
 * The price of each answer by a table of yours. An id that isn't in it takes the price of the longest id that it is a release of:
 * `gpt-5-mini-2025-08-07` that of `gpt-5-mini`, but `gpt-5-pro` not that of `gpt-5`. Other models are unknown, and a `budget.costUsd` for them a
 * ConfigurationError. Throws TypeError for a price that is none.
 *
 * @example
 * const price = pricesOf({ "gpt-5-mini": { input: 0.25, output: 2, cacheRead: 0.025 } });
 * const agent = new CodeAgent({ model, executor, price, budget: { costUsd: 0.5 } });
 */
export function pricesOf(table: PriceTable): Price {
  ofKind("an object", "table", table);
  const prices = new Map(Object.entries(table).map(([id, price]) => [id, checkPrice(id, price)]));
  const ids = [...prices.keys()].sort((a, b) => b.length - a.length);
  return ({ input, cacheRead, cacheWrite, output }, modelId) => {
    const id = ids.find((known) => modelId === known || (modelId.startsWith(known) && release.test(modelId.slice(known.length))));
    const price = id === undefined ? undefined : prices.get(id);
    if (price === undefined) return undefined;
    const fresh = Math.max(0, input - cacheRead - cacheWrite);
    const { cacheRead: read = price.input, cacheWrite: write = price.input } = price;
    return (fresh * price.input + cacheRead * read + cacheWrite * write + output * price.output) / 1_000_000;
  };
}

/** Entries of LiteLLM's `model_prices_and_context_window.json`, in US dollars per token; more fields do no harm. */
export type LiteLLMPrices = Readonly<
  Record<
    string,
    {
      readonly input_cost_per_token?: number | null | undefined;
      readonly output_cost_per_token?: number | null | undefined;
      readonly cache_read_input_token_cost?: number | null | undefined;
      readonly cache_creation_input_token_cost?: number | null | undefined;
    }
  >
>;

/** The entries of LiteLLM's table that have a price per token of text; the rest, such as pictures, is left out. */
export function fromLiteLLM(entries: LiteLLMPrices): PriceTable {
  ofKind("an object", "entries", entries);
  const perMillion = (dollars: number | null | undefined): number | undefined => (typeof dollars === "number" ? dollars * 1_000_000 : undefined);
  return Object.fromEntries(
    Object.entries(entries).flatMap(([id, entry]) => {
      const input = perMillion(entry?.input_cost_per_token);
      const output = perMillion(entry?.output_cost_per_token);
      if (input === undefined || output === undefined) return [];
      const cacheRead = perMillion(entry.cache_read_input_token_cost);
      const cacheWrite = perMillion(entry.cache_creation_input_token_cost);
      return [[id, { input, output, cacheRead, cacheWrite }]];
    }),
  );
}

const priceNames: { readonly [Name in keyof ModelPrice]-?: true } = { input: true, output: true, cacheRead: true, cacheWrite: true };

function checkPrice(id: string, price: ModelPrice): ModelPrice {
  checkOptions(`price of ${id}`, price, priceNames);
  for (const name of ["input", "output", "cacheRead", "cacheWrite"] as const) {
    const value = price[name];
    const isAbsent = value === undefined && name.startsWith("cache");
    if (!isAbsent && !(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY))
      throw new TypeError(`Expected \`${name}\` of \`${id}\` to be US dollars per million tokens, got \`${String(value)}\` (${typeof value})`);
  }
  return price;
}
