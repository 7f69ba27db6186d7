import { limitReached, providersFault, type SdkErrorMeaning, sdkError, usersFault } from "@codelet/bridge";

const badAccount = usersFault("Set `tokenId` and `tokenSecret`, or MODAL_TOKEN_ID and MODAL_TOKEN_SECRET");
const badOption = usersFault();

/** By statuses of gRPC, and by names of the SDK's errors. */
const meanings = new Map<unknown, SdkErrorMeaning>([
  [3, badOption], // invalid argument
  ["InvalidError", badOption],
  [5, badOption], // not found
  ["NotFoundError", badOption],
  [7, badAccount], // permission denied
  [16, badAccount], // unauthenticated
  [8, limitReached],
  ["ResourceExhaustedError", limitReached],
]);

/** What the SDK threw as one line that says what to do. `doing` completes "Modal could not". */
export function modalError(thrown: unknown, doing: string): Error {
  const { code, name } = (thrown ?? {}) as { readonly code?: unknown; readonly name?: string };
  const meaning = meanings.get(code) ?? meanings.get(name) ?? providersFault();
  return sdkError(thrown, `Modal could not ${doing}`, meaning);
}
