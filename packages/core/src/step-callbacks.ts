import { abortable } from "./abort.ts";
import type { FinalAnswerCheck } from "./answer.ts";
import { ProtocolError } from "./errors.ts";
import { generate } from "./generate.ts";
import type { Outcome } from "./journal.ts";
import type { Memory, Step } from "./memory.ts";
import type { Message, ModelRequest, ModelResponse } from "./model.ts";
import { oneOf } from "./option-checks.ts";
import type { RunContext } from "./run-context.ts";

/** What a callback may see and edit. */
export interface StepCallbackContext {
  /** May be edited; the edits are journaled. */
  readonly memory: Memory;
  readonly runId: string;
  readonly agentPath: readonly string[];
  readonly signal: AbortSignal;
  /** The run's `context`. */
  readonly context: unknown;
}

/** Called after a step has been remembered, and waited for. What it throws ends the run; what it returns counts for nothing. */
export type StepCallback<Kind extends Step = Step> = (step: Kind, context: StepCallbackContext) => unknown;

/** Callbacks by kind of step. */
export type StepCallbacks = {
  readonly [Type in Exclude<Step["type"], "summary">]?:
    | StepCallback<Extract<Step, { readonly type: Type }>>
    | readonly StepCallback<Extract<Step, { readonly type: Type }>>[];
};

/** What a compactor works on, and may ask. */
export interface CompactorContext {
  /** To be edited; the same way for the same steps and answers, since a resumed run compacts again. */
  readonly memory: Memory;
  /** The run's prompt before this one; none before the first. */
  readonly lastPrompt: LastPrompt | undefined;
  /** Asks the run's model, within the run's budget. */
  generate(request: Omit<ModelRequest, "signal">): Promise<ModelResponse>;
}

/** A prompt, and its tokens as the model counted them, tools included; 0 where it didn't. */
export interface LastPrompt {
  readonly messages: readonly Message[];
  readonly inputTokens: number;
}

/** Called before each prompt, of an action, a plan, a last answer, and waited for. What it throws ends the run; what it returns counts for nothing. */
export type Compactor = (context: CompactorContext) => unknown;

/** What a function of the user's did to the memory: the steps from `from` on are `steps` now. */
type Edit = { readonly from: number; readonly steps: readonly Step[] };

/** Calls those who wait for this kind of step, in order. */
export async function callBack(run: RunContext, step: Step, key: string): Promise<void> {
  const { stepCallbacks = {} } = run.agent;
  const byKind: StepCallbacks = typeof stepCallbacks === "function" ? { action: stepCallbacks } : stepCallbacks;
  const callbacks = [byKind[step.type as keyof StepCallbacks] ?? []].flat() as readonly StepCallback[];
  const { memory, runId, agentPath, signal, options } = run;
  for (const [index, callback] of callbacks.entries()) {
    const outcome = await callHook(run, `${key}/callback.${index}`, async () => {
      const called = Promise.resolve(callback(step, { memory, runId, agentPath, signal, context: options.context }));
      // A step that was cut short is told too, but an abort waits for nobody.
      if (run.callers.aborted) called.catch(() => {});
      else await abortable(called, signal.aborted ? run.callers : signal);
    });
    run.valueOf(outcome);
  }
}

/** What a check has against the answer, if anything. Throws TypeError where it says nothing that a check may say: the model could do nothing about it. */
export async function objectionOf(run: RunContext, key: string, check: FinalAnswerCheck<never>, answer: unknown): Promise<string | undefined> {
  const name = check.name || "of the answer";
  const outcome = await callHook(run, key, () => check(answer as never, { memory: run.memory }));
  if ("error" in outcome) return outcome.error.message;
  const verdict = outcome.value === undefined || outcome.value;
  if (typeof verdict === "string") return verdict;
  oneOf([true, false], `what the check ${name} returns`, verdict);
  return verdict ? undefined : `the check ${name} failed`;
}

/** Calls a function of the user's that may edit the memory. In the journal stands what it said, and what it did. */
async function callHook<T>(run: RunContext, key: string, call: () => T | Promise<T>): Promise<Outcome<T>> {
  const { memory } = run;
  const outcome = await run.operate<{ readonly said: T; readonly edit: Edit | null }>(key, "hook", async () => {
    const before = memory.fullSteps();
    const said = await call();
    const after = memory.fullSteps();
    const changed = before.findIndex((each, at) => each !== after[at]);
    const from = changed < 0 ? before.length : changed;
    return { said, edit: changed < 0 && after.length === from ? null : { from, steps: after.slice(from) } };
  });
  if ("error" in outcome) return outcome;
  const { said, edit } = (outcome.value ?? {}) as { readonly said?: T; readonly edit?: Edit | null };
  if (edit === undefined) throw new ProtocolError(`The journal holds no outcome of ${key}.`);
  if (edit !== null) memory.edit((steps) => [...steps.slice(0, edit.from), ...edit.steps]);
  return { value: said as T };
}

/** Before a prompt is made, it may be made smaller. */
export async function compact(run: RunContext, key: string, signal: AbortSignal): Promise<void> {
  const { memory, lastPrompt } = run;
  let asked = 0;
  const compacting = run.agent.compactor?.({
    memory,
    lastPrompt,
    generate: (request) => generate(run, `${key}/compact.${asked++}`, { ...request, signal }),
  });
  await abortable(Promise.resolve(compacting), signal);
}
