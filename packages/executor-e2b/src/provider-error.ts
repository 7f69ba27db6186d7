import { CodeletError, ConfigurationError, ExecutorCrashedError } from "@codelet/core";

/** What the SDK's errors mean for the user, by their names, which survive a second copy of the SDK. */
const meanings: Readonly<Record<string, { readonly says: string; readonly isOurs?: true }>> = {
  AuthenticationError: {
    says: "E2B refuses the API key. Set E2B_API_KEY or `apiKey` to a valid one: https://e2b.dev/dashboard?tab=keys",
    isOurs: true,
  },
  InvalidArgumentError: { says: "E2B refuses an option. Check `template`, `timeoutMs` (plans limit it) and `metadata`", isOurs: true },
  TemplateError: { says: "The template is too old for this SDK. Build it again, or take another `template`", isOurs: true },
  RateLimitError: { says: "E2B's rate limit is reached. Close sessions that aren't needed, or try again later" },
  ServiceBusyError: { says: "E2B has no capacity at the moment. Try again later" },
  SandboxNotFoundError: { says: "The sandbox is gone: it was killed, or its time was over. Open a new session; variables and files are lost" },
  NotFoundError: { says: "The sandbox or its process is gone. Open a new session; variables and files are lost" },
  TimeoutError: { says: "E2B did not answer in time, or the sandbox is gone. Try again; `requestTimeoutMs` gives it more time" },
};

const ourStatuses: readonly number[] = [400, 401, 403, 404];

/** What the SDK threw as an error of ours, which says what to do. The key is in none of its texts. */
export function providerError(error: unknown, during: string, apiKey: string): CodeletError {
  if (CodeletError.isInstance(error)) return error;
  const { name, message, statusCode } = error as { readonly name?: string; readonly message?: string; readonly statusCode?: number };
  const meaning = meanings[name ?? ""];
  const isOurs = meaning === undefined ? ourStatuses.includes(statusCode ?? 0) : meaning.isOurs === true;
  const says =
    meaning?.says ??
    (isOurs
      ? "E2B refuses it. Check `template` and what your plan allows"
      : "E2B can't be reached or has a fault. Check the network, or try again later");
  const text = `${during}: ${says}. (${clean(`${name ?? "Error"}: ${message ?? ""}`, apiKey)})`;
  const options = { details: { provider: "e2b", status: statusCode ?? null } };
  return isOurs ? new ConfigurationError(text, options) : new ExecutorCrashedError(text, options);
}

const maxShownChars = 300;

function clean(text: string, apiKey: string): string {
  return text.replaceAll(apiKey, "[key]").slice(0, maxShownChars);
}
