import { inspect } from "node:util";
import { CodeletError } from "@codelet/core";

/** What {@link refusalOf} looks for. */
export interface RefusalOptions {
  /** What must not be found in the error, its details, or what caused it: keys and tokens. @default none */
  readonly secrets?: readonly string[] | undefined;
}

/**
 * What an `open` or a step rejects with, for the tests of an executor's messages. Fails when it resolves, rejects with something other than a `CodeletError`, or
 * gives a secret away.
 *
 * @example
 * const error = await refusalOf(myExecutor({ apiKey: "wrong" }).open(), { secrets: ["wrong"] });
 * assert.equal(error.code, "configuration");
 */
export async function refusalOf(attempt: Promise<unknown>, { secrets = [] }: RefusalOptions = {}): Promise<CodeletError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) throw new Error("it was not refused");
  if (!CodeletError.isInstance(error)) throw new Error("the refusal is no CodeletError", { cause: error });
  const whole = inspect(error, { depth: 20, showHidden: true });
  if (secrets.some((secret) => whole.includes(secret))) throw new Error("the refusal gives a secret away");
  return error;
}
