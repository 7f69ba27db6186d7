import { providersFault, type SdkErrorMeaning, sdkError, usersFault } from "@codelet/bridge";
import type { ResolvedE2bOptions } from "./options.ts";

/** By the names of the SDK's errors, which survive a second copy of the SDK. */
const meanings: Readonly<Record<string, SdkErrorMeaning>> = {
  AuthenticationError: usersFault("E2B refuses the API key. Set E2B_API_KEY or `apiKey` to a valid one: https://e2b.dev/dashboard?tab=keys"),
  InvalidArgumentError: usersFault("E2B refuses an option. Check `template`, `timeoutMs` (plans limit it) and `metadata`"),
  TemplateError: usersFault("The template is too old for this SDK. Build it again, or take another `template`"),
  RateLimitError: providersFault("E2B's rate limit is reached. Close sessions that aren't needed, or try again later"),
  ServiceBusyError: providersFault("E2B has no capacity at the moment. Try again later"),
  SandboxNotFoundError: providersFault("The sandbox is gone: it was killed, or its time was over. Open a new session; variables and files are lost"),
  NotFoundError: providersFault("The sandbox or its process is gone. Open a new session; variables and files are lost"),
  TimeoutError: providersFault("E2B did not answer in time, or the sandbox is gone. Try again; `requestTimeoutMs` gives it more time"),
};
const refused = usersFault("E2B refuses it. Check `template` and what your plan allows");
const unreachable = providersFault("E2B can't be reached or has a fault. Check the network, or try again later");

/** What the SDK threw as one line that says what to do; the key is in no text. `doing` completes "E2B could not". */
export function e2bError(thrown: unknown, doing: string, options: ResolvedE2bOptions): Error {
  const { name = "", message, statusCode } = (thrown ?? {}) as { readonly name?: string; readonly message?: string; readonly statusCode?: number };
  const meaning = meanings[name] ?? ([400, 401, 403, 404].includes(statusCode ?? 0) ? refused : unreachable);
  return sdkError(thrown, `E2B could not ${doing}`, meaning, {
    said: message === undefined ? thrown : `${name}: ${message}`,
    secret: options.apiKey ?? process.env.E2B_API_KEY?.trim() ?? "",
  });
}
