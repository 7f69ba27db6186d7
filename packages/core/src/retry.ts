import { CodeletError } from "./errors.ts";
import { atLeast, checkOptions } from "./option-checks.ts";

/** How often a failed model call is tried again. Provider SDKs must not retry on their own. */
export interface RetryOptions {
  /** Tries after the first one. Minimum 0: never retry. @default 4 */
  readonly maxRetries?: number | undefined;
  /** The first wait in milliseconds; it doubles, with jitter. Minimum 0. @default 1_000 */
  readonly firstDelayMs?: number | undefined;
  /** No wait is longer, `Retry-After` included: above it the call fails. Minimum 0. @default 60_000 */
  readonly maxDelayMs?: number | undefined;
}

export type ResolvedRetry = { readonly [Key in keyof RetryOptions]-?: number };

export function resolveRetry(options: RetryOptions = {}): ResolvedRetry {
  checkOptions("retry", options, { maxRetries: true, firstDelayMs: true, maxDelayMs: true });
  for (const [name, value] of Object.entries(options)) if (value !== undefined) atLeast(0, `retry.${name}`, value);
  return { maxRetries: options.maxRetries ?? 4, firstDelayMs: options.firstDelayMs ?? 1_000, maxDelayMs: options.maxDelayMs ?? 60_000 };
}

/**
 * Milliseconds to wait before try number `attempt + 1`, or undefined when there is none. The jitter comes from `seed`: other runs wait otherwise, and
 * the same run waits the same when it is replayed.
 */
export function retryDelayMs(error: unknown, attempt: number, retry: ResolvedRetry, seed: string): number | undefined {
  if (!CodeletError.isInstance(error, "model-call") || attempt >= retry.maxRetries) return undefined;
  const { retryable, retryAfterMs } = error;
  if (!retryable) return undefined;
  if (retryAfterMs !== undefined) return retryAfterMs <= retry.maxDelayMs ? retryAfterMs : undefined;
  const backoffMs = Math.min(retry.firstDelayMs * 2 ** attempt, retry.maxDelayMs);
  return backoffMs * (0.5 + hash(seed) / 2 ** 33);
}

/** 32 bits that depend on the text alone (FNV-1a, then mixed): for jitter and for noticing changes, not against anybody. */
export function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x45d9f3b);
  return (bits ^ (bits >>> 16)) >>> 0;
}
