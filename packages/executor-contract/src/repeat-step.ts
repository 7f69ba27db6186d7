import assert from "node:assert/strict";
import type { Advance, Execution, ExecutorSession, Json, OpenSessionOptions, SandboxCall, Value } from "@codelet/core";
import type { CaseContext } from "./case-context.ts";
import { nextAdvance } from "./drive-step.ts";

/** What makes two sessions the same for their code. */
export const repeatable: OpenSessionOptions = { seed: "contract", replayable: true };

/** A step that waits for the answer of its last call, and what its advances have told. */
export interface WaitingStep {
  readonly session: ExecutorSession;
  readonly calls: readonly SandboxCall[];
  readonly readings: readonly Json[];
}

export interface StartOptions {
  /** How many calls it makes until it waits. @default 1 */
  readonly calls?: number | undefined;
  readonly replay?: readonly Json[] | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Runs a step whose calls are all of `echo` up to its last call, which stays without an answer. */
export async function untilWaiting(
  session: ExecutorSession,
  code: string,
  { calls: count = 1, ...execute }: StartOptions = {},
): Promise<WaitingStep> {
  const calls: SandboxCall[] = [];
  const readings: Json[] = [];
  session.start(code, execute);
  while (calls.length < count) {
    const advance = await nextAdvance(session);
    if (advance.readings !== undefined) readings.push(advance.readings);
    if (advance.type === "done")
      throw new Error(`the step ended after ${calls.length} of ${count} calls: ${JSON.stringify(advance.execution.error)}`);
    for (const call of advance.calls) {
      calls.push(call);
      if (calls.length < count) session.deliver([{ id: call.id, value: call.args[0] ?? null }]);
    }
  }
  return { session, calls, readings: throughJson(readings) };
}

/** Answers the last call and those that follow. */
export async function untilEnd({
  session,
  calls,
  readings,
}: WaitingStep): Promise<{ readonly execution: Execution; readonly readings: readonly Json[] }> {
  const all = [...readings];
  const answer = (call: SandboxCall | undefined): void => session.deliver([{ id: call?.id ?? "", value: call?.args[0] ?? null }]);
  answer(calls.at(-1));
  for (;;) {
    const advance: Advance = await nextAdvance(session);
    if (advance.readings !== undefined) all.push(advance.readings);
    if (advance.type === "done") return { execution: advance.execution, readings: throughJson(all) };
    for (const call of advance.calls) answer(call);
  }
}

/** Two runs of a step up to the same call, the first one's session ended; what the second one's ends with is the step's value. */
export interface Repeated {
  readonly first: WaitingStep;
  readonly again: WaitingStep;
  readonly value: Value;
}

/** Runs a step up to a call in one session, and again in a fresh one, where it has to make the same calls and then goes on. */
export async function repeatStep(context: CaseContext, code: string, options: Omit<StartOptions, "replay"> = {}): Promise<Repeated> {
  const first = await untilWaiting(await context.open(repeatable), code, { calls: options.calls });
  await first.session[Symbol.asyncDispose]();
  const again = await untilWaiting(await context.open(repeatable), code, { ...options, replay: first.readings });
  assert.deepEqual(madeBy(again), madeBy(first), "the calls of the replay");
  const { execution } = await untilEnd(again);
  assert.equal(execution.error, undefined);
  return { first, again, value: execution.value };
}

/** Names and arguments, which the host compares. */
export function madeBy({ calls }: WaitingStep): readonly unknown[] {
  return calls.map(({ tool, args, kwargs }) => [tool, args, { ...kwargs }]);
}

/** What a store would make of them. */
function throughJson(readings: readonly Json[]): readonly Json[] {
  return JSON.parse(JSON.stringify(readings)) as readonly Json[];
}
