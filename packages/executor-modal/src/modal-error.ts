import { CodeletError, ConfigurationError, ExecutorCrashedError } from "@codelet/core";

/** Statuses of gRPC. */
const status = { invalid: 3, notFound: 5, denied: 7, exhausted: 8, unauthenticated: 16 } as const;

/** What the SDK threw as one line that says what to do. `doing` completes "Modal could not". */
export function modalError(thrown: unknown, doing: string): Error {
  if (CodeletError.isInstance(thrown)) return thrown;
  const {
    code,
    name = "",
    message = String(thrown),
  } = (thrown ?? {}) as { readonly code?: unknown; readonly name?: string; readonly message?: string };
  const line = `Modal could not ${doing}: ${message.split("\n")[0]?.slice(0, 300).replace(/\.+$/, "")}`;
  const options = { cause: thrown };
  if (code === status.unauthenticated || code === status.denied)
    return new ConfigurationError(`${line}. Set \`tokenId\` and \`tokenSecret\`, or MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.`, options);
  if (code === status.invalid || code === status.notFound || name === "InvalidError" || name === "NotFoundError")
    return new ConfigurationError(line, options);
  if (code === status.exhausted || name === "ResourceExhaustedError")
    return new ExecutorCrashedError(`${line}. The account's limit is reached: open fewer sessions, or try again later.`, options);
  return new ExecutorCrashedError(`${line}. Try again.`, options);
}
