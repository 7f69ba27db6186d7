import { type SdkErrorMeaning, sdkError } from "@codelet/bridge";

const badAccount = { code: "configuration", advice: "Set `tokenId` and `tokenSecret`, or MODAL_TOKEN_ID and MODAL_TOKEN_SECRET" } as const;
const badOption = { code: "configuration" } as const;
const exhausted = {
  code: "executor-crashed",
  advice: "The account's limit is reached: open fewer sessions, or try again later",
} as const;

/** By statuses of gRPC, and by names of the SDK's errors. */
const meanings = new Map<unknown, SdkErrorMeaning>([
  [3, badOption], // invalid argument
  ["InvalidError", badOption],
  [5, badOption], // not found
  ["NotFoundError", badOption],
  [7, badAccount], // permission denied
  [16, badAccount], // unauthenticated
  [8, exhausted],
  ["ResourceExhaustedError", exhausted],
]);

/** What the SDK threw as one line that says what to do. `doing` completes "Modal could not". */
export function modalError(thrown: unknown, doing: string): Error {
  const { code, name } = (thrown ?? {}) as { readonly code?: unknown; readonly name?: string };
  const meaning = meanings.get(code) ?? meanings.get(name) ?? { code: "executor-crashed", advice: "Try again" };
  return sdkError(thrown, `Modal could not ${doing}`, meaning);
}
