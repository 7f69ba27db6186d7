import type { Advance, CallResult, ExecuteOptions, Execution, ExecutorSession, SandboxCall, Value } from "@codelet/core";
import { within } from "./within.ts";

/** A host tool as a plain function. What it throws is raised in the sandbox. */
export type HostFunction = (args: readonly Value[], kwargs: Readonly<Record<string, Value>>, call: HostCall) => unknown;

/** What a host function of a driven step may use. */
export interface HostCall {
  readonly id: string;
  /** Aborted when the code gives up on the call, or when the step is over. */
  readonly signal: AbortSignal;
}

/** How {@link driveStep} runs a step. */
export interface DriveOptions extends ExecuteOptions {
  readonly tools?: Readonly<Record<string, HostFunction>> | undefined;
  /** Milliseconds after which a session that says nothing counts as hanging. @default 20_000 */
  readonly deadlineMs?: number | undefined;
}

/** A finished step and what it asked of the host, in order. */
export interface DrivenStep {
  readonly execution: Execution;
  readonly calls: readonly SandboxCall[];
  readonly cancelled: readonly string[];
  readonly elapsedMs: number;
}

const defaultDeadlineMs = 20_000;

/**
 * Runs one step to its end over start, next and deliver, and performs its calls through plain functions, all at once. Rejects like `ExecutorSession.next`.
 *
 * @example
 * const { execution } = await driveStep(session, "echo(1) + 1", { tools: { echo: ([value]) => value } });
 */
export async function driveStep(session: ExecutorSession, code: string, options: DriveOptions = {}): Promise<DrivenStep> {
  const { tools = {}, deadlineMs = defaultDeadlineMs, ...execute } = options;
  const startedAt = performance.now();
  const calls: SandboxCall[] = [];
  const cancelled: string[] = [];
  const pending = new Map<string, AbortController>();
  const settle = (id: string): void => {
    pending.get(id)?.abort();
    pending.delete(id);
  };
  const answer = async (call: SandboxCall): Promise<void> => {
    const controller = new AbortController();
    pending.set(call.id, controller);
    const result = await perform(call, tools[call.tool], controller.signal);
    if (pending.delete(call.id)) deliver(session, result);
  };
  session.start(code, execute);
  try {
    for (;;) {
      const advance = await within(deadlineMs, `next() of ${shorten(code)}`, session.next());
      if (advance.type === "done") return { execution: advance.execution, calls, cancelled, elapsedMs: performance.now() - startedAt };
      cancelled.push(...advance.cancelled);
      for (const id of advance.cancelled) settle(id);
      calls.push(...advance.calls);
      for (const call of advance.calls) void answer(call);
    }
  } finally {
    for (const id of [...pending.keys()]) settle(id);
  }
}

/** The first `count` calls of the running step, in order. Fails when the step ends before. */
export async function nextCalls(session: ExecutorSession, count: number): Promise<readonly SandboxCall[]> {
  const calls: SandboxCall[] = [];
  while (calls.length < count) {
    const advance = await nextAdvance(session);
    if (advance.type === "done")
      throw new Error(`the step ended after ${calls.length} of ${count} calls: ${JSON.stringify(advance.execution.error)}`);
    calls.push(...advance.calls);
  }
  return calls;
}

/** The next call of the running step, which the caller answers. Fails when the step ends before. */
export async function nextCall(session: ExecutorSession): Promise<SandboxCall> {
  const [call] = await nextCalls(session, 1);
  return call as SandboxCall;
}

/** The end of the running step. Calls that come before it stay unanswered. */
export async function untilDone(session: ExecutorSession): Promise<{ readonly execution: Execution; readonly cancelled: readonly string[] }> {
  const cancelled: string[] = [];
  for (;;) {
    const advance = await nextAdvance(session);
    if (advance.type === "done") return { execution: advance.execution, cancelled };
    cancelled.push(...advance.cancelled);
  }
}

export function nextAdvance(session: ExecutorSession): Promise<Advance> {
  return within(defaultDeadlineMs, "next()", session.next());
}

async function perform(call: SandboxCall, run: HostFunction | undefined, signal: AbortSignal): Promise<CallResult> {
  const { id } = call;
  if (run === undefined) return { id, error: { name: "ToolError", message: `there is no tool ${call.tool}` } };
  try {
    return { id, value: (await run(call.args, call.kwargs, { id, signal })) as Value };
  } catch (thrown) {
    return { id, error: describeThrown(thrown) };
  }
}

/** Anything can be thrown, also what has no text. */
function describeThrown(thrown: unknown): { readonly name: string; readonly message: string } {
  if (thrown instanceof Error) return { name: thrown.name, message: thrown.message };
  return { name: "Error", message: typeof thrown === "object" ? "an object was thrown" : String(thrown) };
}

/** A value that the session refuses is the tool's failure. A session that died meanwhile says so in `next`. */
function deliver(session: ExecutorSession, result: CallResult): void {
  try {
    session.deliver([result]);
  } catch (thrown) {
    if ("value" in result) deliver(session, { id: result.id, error: { name: "ToolError", message: String(thrown) } });
  }
}

function shorten(code: string): string {
  return JSON.stringify(code.length > 80 ? `${code.slice(0, 80)}…` : code);
}
