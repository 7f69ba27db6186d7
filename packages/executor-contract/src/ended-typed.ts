import assert from "node:assert/strict";
import { CodeletError, type Execution, type ExecutorSession } from "@codelet/core";
import type { CaseContext } from "./case-context.ts";
import type { DriveOptions } from "./drive-step.ts";

/** How a step may end that goes over a limit: with an error of the code, or with the session refused by a typed error. */
export type TypedEnd =
  | { readonly execution: Execution; readonly error?: undefined }
  | { readonly execution?: undefined; readonly error: CodeletError };

/** Runs a step that may cost the session, but never hangs and never ends in an untyped error. */
export async function endTyped(context: CaseContext, session: ExecutorSession, code: string, options?: DriveOptions): Promise<TypedEnd> {
  try {
    return { execution: (await context.run(session, code, options)).execution };
  } catch (error) {
    assert.ok(CodeletError.isInstance(error), `expected an error with a code, got ${String(error)}`);
    return { error };
  }
}

/** Runs a step that has to fail, in a typed way. Gives the error's name and message. */
export async function failTyped(
  context: CaseContext,
  session: ExecutorSession,
  code: string,
  options?: DriveOptions,
): Promise<{ readonly name: string; readonly message: string }> {
  const end = await endTyped(context, session, code, options);
  const error = end.error ?? end.execution.error;
  assert.ok(error, `expected an error, got the value ${describe(end.execution?.value)}`);
  assert.notEqual(error.name, "");
  return error;
}

/** The session still computes, unless it died and says so; the executor opens another one in any case. */
export async function assertUsable(context: CaseContext, session: ExecutorSession): Promise<void> {
  const end = await endTyped(context, session, "40 + 2");
  if (end.execution !== undefined) assert.equal(end.execution.value, 42);
  await assertOpens(context);
}

/** A fresh session of the same executor computes. */
export async function assertOpens(context: CaseContext): Promise<void> {
  const { execution } = await context.run(await context.open(), "echo(40) + 2");
  assert.equal(execution.value, 42);
}

/** State is kept, or its loss is said: never a silent loss, never a false alarm. Expects `keep = 7` to have run before. */
export async function assertStateIsTrue(context: CaseContext, session: ExecutorSession, execution: Execution): Promise<void> {
  const { execution: after } = await context.run(session, "keep if 'keep' in globals() else None");
  assert.equal(after.error, undefined);
  assert.equal(after.value, execution.stateLost ? null : 7, `stateLost is ${execution.stateLost}`);
}

/** An error of the code, by its class name. */
export function assertError(execution: Execution, name: string): void {
  assert.equal(execution.error?.name, name, execution.error?.message ?? `no error, value ${describe(execution.value)}`);
}

export function assertValue(execution: Execution, value: unknown): void {
  assert.equal(execution.error, undefined, execution.error && `${execution.error.name}: ${execution.error.message}`);
  assert.deepEqual(execution.value, value);
}

function describe(value: unknown): string {
  return String(value).slice(0, 200);
}
