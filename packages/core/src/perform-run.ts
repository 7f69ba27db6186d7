import { abortAfter, abortable } from "./abort.ts";
import type { RunEnding, RunOptions, RunResult } from "./agent.ts";
import { toolsOf } from "./definition.ts";
import { describeThrown } from "./errors.ts";
import { Suspension } from "./journal.ts";
import { loop } from "./loop.ts";
import { Memory, type TaskStep } from "./memory.ts";
import { ofKind } from "./option-checks.ts";
import { describeTask, managedTask } from "./prompts/task.ts";
import { renderPrompt } from "./prompts/templates.ts";
import type { ActionKind } from "./resolved-agent.ts";
import { RunContext, type RunScope } from "./run-context.ts";
import type { Given, SuspendedRun } from "./suspension.ts";

/** One run of an agent from its task to its result. Whatever happens, the sandbox is closed or left to be found again, and one terminal event is sent. */
export async function performRun(kind: ActionKind, task: string, options: RunOptions, scope: RunScope): Promise<RunResult<unknown>> {
  ofKind("text", "task", task);
  const { agent } = kind;
  // A managed agent is left, and goes on, with its manager's run.
  const mayGoOn = scope.parent === undefined && (agent.journal !== undefined || (agent.definition.maySuspend && options.approve === undefined));
  const continuation = scope.continuation ?? (mayGoOn ? (await import("./with-others.ts")).newContinuation(agent.journal) : undefined);
  const run = new RunContext(kind, options, { ...scope, continuation });
  let given = continuation?.given;
  try {
    await run.begin(task);
    const ending = await reachEnd(run, task, async () => {
      given ??= await takeTask(run, task);
      await remember(run, given);
    });
    return { ...(await run.end(ending.state, ending.state === "aborted" ? { error: describeThrown(ending.reason) } : ending)), ...ending };
  } catch (error) {
    const isWaiting = error instanceof Suspension && error.failure === undefined;
    if (!isWaiting || continuation?.suspend === undefined || given === undefined) return fail(run, error);
    return leave(run, continuation.suspend(run, given));
  }
}

/** The result of a run that waits. */
async function leave(run: RunContext, kept: Promise<() => SuspendedRun>): Promise<RunResult<unknown>> {
  // What can't be kept fails before anybody is told that the run waits.
  const state = await kept.catch((error) => fail(run, error));
  const facts = await run.end("suspended", {});
  return { ...facts, state: "suspended", pending: [...run.pending.values()], resumeState: state() };
}

/** Ends the run and throws the error, with what the run had done. */
async function fail(run: RunContext, thrown: unknown): Promise<never> {
  const isLeft = thrown instanceof Suspension;
  // The managers of a run are left by the same.
  const error = isLeft && run.root === run ? (thrown.failure ?? thrown) : thrown;
  const facts = await run.end(isLeft ? "suspended" : "failed", error instanceof Suspension ? {} : { error: describeThrown(error) });
  if (typeof error === "object" && error !== null) Reflect.defineProperty(error, "run", { value: facts, configurable: true, writable: true });
  throw error;
}

async function takeTask(run: RunContext, task: string): Promise<Given> {
  const { images = [], attachments = [], maxSteps, memory = [] } = run.options;
  const inputs = [...images, ...attachments];
  const media = inputs.length === 0 ? [] : await abortable(Promise.all(inputs.map((await import("./media.ts")).toAttachment)), run.signal);
  const { thread, parent } = run.scope;
  const asked = parent ? renderPrompt(managedTask, parent.run.agent.templates.managedTask, { name: run.agent.definition.name, task }) : task;
  const text = [thread?.note, describeTask(asked, run.variables, run.kind.executor?.language)].filter(Boolean).join("\n\n");
  if (thread !== undefined) Object.assign(thread, { note: undefined, left: undefined });
  const step: TaskStep = { type: "task", task: text, attachments: media, ...(parent && { untrusted: [...run.exposure.untrusted] }) };
  const handed = memory instanceof Memory ? memory.steps : ofKind("a list of steps, such as `result.steps`", "memory", memory);
  const earlier = [...(thread?.memory.steps ?? []), ...handed]; // both may hold steps of other agents
  if (earlier.length > 0) for (const name of (await import("./with-others.ts")).untrustedIn(earlier)) run.exposure.untrusted.add(name);
  const before = { earlier, untrusted: [...run.exposure.untrusted], valueCount: run.thread.values.size };
  return { text: task, task: step, ...before, options: { maxSteps, additionalArgs: run.variables, runId: run.runId } };
}

/** The run's memory begins with its own system prompt, what was before, and the task. */
async function remember(run: RunContext, { task, earlier, untrusted, valueCount }: Given): Promise<void> {
  const { memory, agent, thread } = run;
  const { executor, systemPrompt: prompt } = run.kind;
  // A run that goes on gives the same names again.
  for (const name of [...thread.values.keys()].slice(valueCount)) thread.values.delete(name);
  for (const name of untrusted) run.exposure.untrusted.add(name);
  if (executor?.capabilities.isolation === 0)
    run.emit({ type: "warning", message: `The executor "${executor.name}" runs code on this machine with your rights: isolation level 0.` });
  const mayLeak = agent.dataPolicy === "warn" && [...toolsOf(agent.definition)].some(({ egress }) => egress);
  if (mayLeak && run.root === run) (await import("./with-others.ts")).warnOfLeaks(run);
  const system = { type: "system", prompt } as const;
  memory.edit(() => [system, ...earlier.filter((step) => step?.type !== "system"), task]);
  if (agent.stepCallbacks === undefined) return;
  const { callBack } = await import("./between-steps.ts");
  await callBack(run, system, "system");
  await callBack(run, task, "task");
}

/** A run that waits has not ended: it is left. */
type Ended = Exclude<RunEnding<unknown>, { readonly state: "suspended" }>;

/** How the loop ended. The callers' abort is a result; a failure of the world or ours is thrown. */
async function reachEnd(run: RunContext, task: string, begin: () => Promise<void>): Promise<Ended> {
  const { wallTimeMs } = run.agent.definition.budget;
  const leftMs = wallTimeMs && (run.root.scope.continuation?.leftMs?.(run, wallTimeMs) ?? wallTimeMs);
  const calledOff = wallTimeMs && abortAfter(run.stopper, leftMs as number, () => run.ledger.reached("wallTimeMs", wallTimeMs, wallTimeMs));
  try {
    const result = await untilLimit(run, begin);
    if (result.state !== "limit") return result;
    const { lastAnswer } = await import("./between-steps.ts");
    return { ...result, ...(await lastAnswer(run, task, result.limit)) };
  } catch (error) {
    if (!run.callers.aborted || run.isControlFlow(error)) throw error;
    return { state: "aborted", reason: run.callers.reason };
  } finally {
    if (calledOff) calledOff();
  }
}

async function untilLimit(run: RunContext, begin: () => Promise<void>): Promise<Ended> {
  try {
    await begin();
    return { state: "success", output: await loop(run) };
  } catch (error) {
    if (run.ledger.hasReached(error) && !run.isControlFlow(error)) return { state: "limit", limit: error.limit };
    throw error;
  }
}
