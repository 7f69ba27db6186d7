import { isAccessKey } from "@codelet/bridge";
import { CodeletError, ConfigurationError, ExecutorCrashedError } from "@codelet/core";
import type { Sdk } from "./load-sdk.ts";
import type { BlaxelExecutorOptions } from "./options.ts";

let used: Pick<BlaxelExecutorOptions, "apiKey" | "workspace"> = {};

/** Blaxel's SDK knows one account per process. Throws `configuration` when a second one is asked for, or when the key of the environment is none. */
export function useAccount({ initialize }: Sdk, { apiKey, workspace }: BlaxelExecutorOptions): void {
  const key = apiKey ?? process.env.BL_API_KEY?.trim();
  if (key && !isAccessKey(key))
    throw new ConfigurationError("BL_API_KEY holds spaces or other characters that no key has: set it again, or pass `apiKey`.");
  if (apiKey === undefined && workspace === undefined) return;
  const isOther = (used.apiKey !== undefined && used.apiKey !== apiKey) || (used.workspace !== undefined && used.workspace !== workspace);
  if (isOther)
    throw new ConfigurationError(
      "Blaxel's SDK holds one account per process, and another one is in use: give all executors the same apiKey and workspace.",
    );
  used = { apiKey, workspace };
  initialize({ ...(apiKey !== undefined && { apiKey }), ...(workspace !== undefined && { workspace }) });
}

/** What the SDK threw, which need not be an Error, as one line that says what to do. `doing` completes "Blaxel could not". */
export function blaxelError(thrown: unknown, doing: string): Error {
  if (CodeletError.isInstance(thrown)) return thrown;
  const { code, name, message, error, documentation } = (thrown ?? {}) as Readonly<Record<string, unknown>>;
  const number = statusOf(thrown);
  const said = [message, error, code].find((text) => typeof text === "string" && text !== "") ?? String(thrown);
  const line = `Blaxel could not ${doing}: ${String(said).split("\n")[0]?.slice(0, 300).replace(/\.+$/, "")}`;
  // The SDK throws the body of an answer, to which it adds a word on authentication.
  if (name === "CredentialsError")
    return new ConfigurationError("Blaxel needs an account: run `bl login`, or set BL_API_KEY and BL_WORKSPACE, or pass `apiKey` and `workspace`.", {
      cause: thrown,
    });
  if (documentation !== undefined || number === 401 || number === 403)
    return new ConfigurationError(`${line}. Set \`apiKey\` and \`workspace\`, or BL_API_KEY and BL_WORKSPACE.`, { cause: thrown });
  if (number === 400 || number === 404 || number === 409) return new ConfigurationError(line, { cause: thrown });
  if (number === 429)
    return new ExecutorCrashedError(`${line}. The account's limit is reached: open fewer sessions, or try again later.`, { cause: thrown });
  return new ExecutorCrashedError(`${line}. Try again.`, { cause: thrown });
}

export function isNotFound(thrown: unknown): boolean {
  return statusOf(thrown) === 404;
}

function statusOf(thrown: unknown): number {
  const { status, code, message } = (thrown ?? {}) as Readonly<Record<string, unknown>>;
  return Number([status, code].find((value) => typeof value === "number") ?? /\b(4\d\d|5\d\d)\b/.exec(String(message))?.[1]);
}
