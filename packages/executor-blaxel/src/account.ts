import type { SandboxInstance } from "@blaxel/core";
import { accessKey, importSdk, limitReached, providersFault, type SdkErrorMeaning, sdkError, throwIfAborted, usersFault } from "@codelet/bridge";
import { ConfigurationError } from "@codelet/core";
import type { BlaxelExecutorOptions } from "./options.ts";

let used: Pick<BlaxelExecutorOptions, "apiKey" | "workspace"> = {};

/**
 * The SDK, an install of the user's, for this account: it knows one per process. Rejects with `missing-package`, and with `configuration` when it can't be loaded,
 * when a second account is asked for, or when the key of the environment is none.
 */
export async function connect({ apiKey, workspace }: BlaxelExecutorOptions, signal: AbortSignal | undefined): Promise<typeof SandboxInstance> {
  const resolve = (): string => import.meta.resolve("@blaxel/core");
  const sdk = await importSdk(() => import("@blaxel/core"), { resolve, install: "@blaxel/core@~0.3.21", user: "The Blaxel executor" });
  throwIfAborted(signal);
  accessKey(apiKey, { variable: "BL_API_KEY", advice: "set it again, or pass `apiKey`" });
  if (apiKey === undefined && workspace === undefined) return sdk.SandboxInstance;
  const isOther = (used.apiKey !== undefined && used.apiKey !== apiKey) || (used.workspace !== undefined && used.workspace !== workspace);
  if (isOther)
    throw new ConfigurationError(
      "Blaxel's SDK holds one account per process, and another one is in use: give all executors the same apiKey and workspace.",
    );
  used = { apiKey, workspace };
  sdk.initialize({ ...(apiKey !== undefined && { apiKey }), ...(workspace !== undefined && { workspace }) });
  return sdk.SandboxInstance;
}

/** The SDK's own error names the rest. */
const noAccount = usersFault("Or pass `apiKey` and `workspace`");
const badAccount = usersFault("Set `apiKey` and `workspace`, or BL_API_KEY and BL_WORKSPACE");
const badOption = usersFault();

const meanings: Readonly<Record<number, SdkErrorMeaning>> = {
  400: badOption,
  401: badAccount,
  403: badAccount,
  404: badOption,
  409: badOption,
  429: limitReached,
};

/** What the SDK threw, often the body of an answer, as one line that says what to do. `doing` completes "Blaxel could not". */
export function blaxelError(thrown: unknown, doing: string): Error {
  const { code, name, message, error, documentation } = (thrown ?? {}) as Readonly<Record<string, unknown>>;
  const said = [message, error, code].find((text) => typeof text === "string" && text !== "");
  const other = meanings[statusOf(thrown)] ?? providersFault();
  // To the body of a refusal the SDK adds a word on authentication.
  const ofAccount = name === "CredentialsError" ? noAccount : documentation !== undefined && badAccount;
  return sdkError(thrown, `Blaxel could not ${doing}`, ofAccount || other, { said });
}

export function isNotFound(thrown: unknown): boolean {
  return statusOf(thrown) === 404;
}

function statusOf(thrown: unknown): number {
  const { status, code, message } = (thrown ?? {}) as Readonly<Record<string, unknown>>;
  return Number([status, code].find((value) => typeof value === "number") ?? /\b(4\d\d|5\d\d)\b/.exec(String(message))?.[1]);
}
