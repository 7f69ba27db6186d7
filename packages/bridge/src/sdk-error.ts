import { CodeletError, ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import { inOneLine, shownText } from "./in-one-line.ts";

/** What a failure of a provider means for the user: theirs to mend (`configuration`), or the provider's (`executor-crashed`). */
export interface SdkErrorMeaning {
  readonly code: "configuration" | "executor-crashed";
  /** What to do, as a sentence without its full stop. */
  readonly advice?: string | undefined;
}

/** A failure that is the user's to mend. `advice` is a sentence without its full stop. */
export function usersFault(advice?: string): SdkErrorMeaning {
  return { code: "configuration", advice };
}

/** A failure that is the provider's. `advice` is a sentence without its full stop. */
export function providersFault(advice = "Try again"): SdkErrorMeaning {
  return { code: "executor-crashed", advice };
}

/** The provider gives the account no further machine at the moment. */
export const limitReached: SdkErrorMeaning = providersFault("The account's limit is reached: open fewer sessions, or try again later");

/** What an error of an SDK is told with. */
export interface SdkErrorOptions {
  /** What the provider said. @default the thrown error's message */
  readonly said?: unknown;
  /** A key that an SDK may quote: it is in no message, and the thrown error is then no `cause`. */
  readonly secret?: string | undefined;
}

const maxSaidChars = 300;

/**
 * What an SDK threw, which need not be an Error, as one line that says what to do; an error of codelet's is returned as it is. `failed` begins the line.
 *
 * @example
 * throw sdkError(thrown, "Acme could not start a sandbox", usersFault("Set ACME_API_KEY"));
 */
export function sdkError(thrown: unknown, failed: string, { code, advice }: SdkErrorMeaning, { said, secret }: SdkErrorOptions = {}): CodeletError {
  if (CodeletError.isInstance(thrown)) return thrown;
  const text = shownText(said ?? (thrown as Partial<Error> | null | undefined)?.message ?? thrown);
  const [first] = (secret ? text.replaceAll(secret, "[key]") : text).trim().split(/[\r\n]/, 1);
  const line = inOneLine(first, maxSaidChars).replace(/[\s.]+$/, "");
  const message = `${failed}: ${line}.${advice === undefined ? "" : ` ${advice}.`}`;
  const cause = secret === undefined ? thrown : undefined;
  return code === "configuration" ? new ConfigurationError(message, { cause }) : new ExecutorCrashedError(message, { cause });
}
