import { abortable } from "./abort.ts";
import type { RunResult } from "./agent.ts";
import { CodeletError, describeThrown, ToolError } from "./errors.ts";
import { type Outcome, operationError } from "./journal.ts";
import { Ledger } from "./limits.ts";
import type { ManagedAgent, ManagedInput } from "./managed-agent.ts";
import { Memory } from "./memory.ts";
import { textOfMessages } from "./prompts/observation.ts";
import { newThread, type RunContext, type RunScope, type Thread } from "./run-context.ts";
import type { AnyTool } from "./tool.ts";
import { checkResult } from "./tool-values.ts";
import type { Value } from "./value.ts";

/**
 * A call of a managed agent, as a run inside the manager's, and its answer as the result of its tool. One that had ended before its manager was suspended gives
 * what it gave: where it was stopped, by a limit or from outside, would not come to the same end. It is only gone through again for its memory.
 */
export async function callAgent(
  run: RunContext,
  tool: AnyTool,
  agent: ManagedAgent,
  key: string,
  given: ManagedInput,
  signal: AbortSignal,
): Promise<Outcome<Value>> {
  const { recorder } = run.root.scope.continuation ?? {};
  const path = run.path + key;
  const ended = recorder?.takeEnd(path);
  if (ended !== undefined) {
    for (const name of ended.untrusted) run.exposure.untrusted.add(name);
    run.ledger.add(ended.spent, ended.usage);
    // What it spends once more is counted with its end already.
    const ledger = new Ledger({}, run.ledger.price);
    if (agent.definition.keepsMemory) await answerOf(agent, given, { run, key, signal, ledger }).catch((error) => throwIfLeft(run, error));
    return ended.outcome;
  }
  const ledger = new Ledger({}, undefined, run.ledger);
  let outcome: Outcome<Value>;
  try {
    const answer = await answerOf(agent, given, { run, key, signal, ledger });
    outcome = { value: await abortable(checkResult(tool, answer, run.agent.maxToolResultBytes), signal) };
  } catch (error) {
    throwIfLeft(run, error);
    // Limits end the manager, too.
    if (CodeletError.isInstance(error, "limit-reached")) throw error;
    outcome = { error: operationError(error) };
  }
  const { spent, usage } = ledger;
  recorder?.keepEnd(path, { outcome, untrusted: [...run.exposure.untrusted], spent, usage });
  return outcome;
}

function throwIfLeft(run: RunContext, error: unknown): void {
  if (run.isControlFlow(error) || run.isLeft) throw error;
}

/** Throws ToolError where there is none. */
async function answerOf(agent: ManagedAgent, given: ManagedInput, parent: NonNullable<RunScope["parent"]>): Promise<unknown> {
  const { run, signal } = parent;
  const { name, keepsMemory, provideRunSummary, output: schema } = agent.definition;
  const { context, approve } = run.options;
  const options = { context, approve, additionalArgs: given.additional_args };
  const { handle } = run.scope;
  const perform = (thread?: Thread): Promise<RunResult<unknown>> =>
    agent.runManaged(given.task, options, { handle: { ...handle, mayStep: () => handle.mayStep(true) }, parent, thread });
  let result: RunResult<unknown>;
  try {
    result = await (keepsMemory ? inTurn(run, name, perform) : perform());
  } catch (error) {
    if (run.isControlFlow(error) || signal.aborted || CodeletError.isInstance(error, "limit-reached")) throw error;
    throw new ToolError(`The agent ${name} failed: ${describeThrown(error).message}`, { cause: error });
  }
  if (result.state === "aborted") throw result.reason;
  if (result.state === "suspended") throw new ToolError(`The agent ${name} waits for a decision.`);
  const text = result.state === "limit" ? result.text : undefined;
  const answer = result.output === undefined && schema === undefined ? text : result.output;
  if (answer === undefined && result.state === "limit")
    throw new ToolError(`The agent ${name} reached its limit of ${result.limit} without a good answer. Its last words: ${text || "none"}`);
  // The manager knows the task.
  const done = result.steps.filter(({ type }) => type !== "task");
  return provideRunSummary ? { answer, summary: textOfMessages(new Memory(done).toMessages({ summary: true })) } : answer;
}

/** Calls of one agent that keeps its memory come one after the other; none after one that the journal has left in the middle. */
function inTurn<T>(run: RunContext, name: string, perform: (thread: Thread) => Promise<T>): Promise<T> {
  const kept = run.managed.get(name) ?? { thread: newThread(run.exposure), idle: Promise.resolve() as Promise<unknown> };
  run.managed.set(name, kept);
  const turn = kept.idle.then(() => perform(kept.thread));
  kept.idle = turn.catch((error) => {
    if (run.isControlFlow(error)) throw error;
  });
  kept.idle.catch(() => {});
  return turn;
}
