import type { ResolvedOptions } from "./openai-options.ts";

/** Shorter values are too likely to be ordinary words. */
const minimumLength = 8;

/** Keeps keys out of error texts, where a server may have put them. */
export interface Secrets {
  redact(text: string): string;
  /** Whether one is in a text, which is made only when there are any: stack traces are costly. */
  areIn(text: () => string): boolean;
}

/** The key, and every long word in the values of custom headers and of the base URL's query. */
export function secretsOf({ apiKey, headers, query }: Pick<ResolvedOptions, "apiKey" | "headers" | "query">): Secrets {
  const words = [...Object.values(headers), ...Object.values(query)].flatMap((value) => value.split(/[\s,;=]+/));
  const long = [apiKey, ...words].filter((word) => word.length >= minimumLength);
  // As they stand in a URL too. The longest first: one may begin with another.
  const secrets = [...long, ...long.map(encodeURIComponent)].sort((a, b) => b.length - a.length);
  return {
    redact: (text) => secrets.reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text),
    areIn: (text) => secrets.length > 0 && ((made) => secrets.some((secret) => made.includes(secret)))(text()),
  };
}
