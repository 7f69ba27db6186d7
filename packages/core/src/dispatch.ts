import { abortAfter, abortable } from "./abort.ts";
import { AbortedError, CodeletError, describeThrown, ToolError, ToolInputError } from "./errors.ts";
import type { CallResult, SandboxCall } from "./executor.ts";
import type { ToolCallRecord } from "./memory.ts";
import type { RunContext } from "./run-context.ts";
import type { AnyTool, ToolContext } from "./tool.ts";
import { checkResult, nameArguments } from "./tool-values.ts";
import type { PlainValue, Value } from "./value.ts";

/** A call as the policy and the approver see it: the literal arguments. */
export interface ToolCallRequest {
  readonly callId: string;
  readonly tool: string;
  readonly input: PlainValue;
  readonly runId: string;
  readonly agentPath: readonly string[];
}

/** Decides on each call before the tool runs. Throwing refuses. */
export type ToolPolicy = (call: ToolCallRequest) => ToolDecision | Promise<ToolDecision>;
export type ToolDecision = "allow" | "ask" | { readonly deny: string };

/** Answers what the policy or `needsApproval` asks. */
export type Approve = (call: ToolCallRequest) => boolean | Promise<boolean>;

/** A call that runs; the `tool` operation finds it by its journal key. */
export interface LiveCall {
  readonly call: SandboxCall;
  readonly controller: AbortController;
}

/** Performs a call through the journal, with its events; a failure is data for the code. Control flow of the journal passes through. */
export async function dispatchCall(run: RunContext, key: string, call: SandboxCall): Promise<{ result: CallResult; record: ToolCallRecord }> {
  const { id, tool } = call;
  const startedAt = performance.now();
  run.emit({ type: "tool-call", callId: id, tool, input: { args: call.args, kwargs: call.kwargs } });
  run.calls.set(key, { call, controller: new AbortController() });
  const outcome = await run.journal.call<Value>(key, "tool", key).finally(() => run.calls.delete(key));
  const durationMs = performance.now() - startedAt;
  if ("value" in outcome) {
    run.emit({ type: "tool-result", callId: id, tool, value: outcome.value, durationMs });
    return { result: { id, value: outcome.value }, record: { id, tool } };
  }
  const { name, message, cause } = outcome.error;
  if (CodeletError.isInstance(cause, "limit-reached")) throw cause;
  const error = { name, message };
  run.emit({ type: "tool-result", callId: id, tool, error, cause, durationMs });
  return { result: { id, error }, record: { id, tool, error } };
}

/** The `tool` operation, one way for calls from code and from JSON: validate, ask the policy, execute, check the result. */
export async function performCall(run: RunContext, key: string, idempotencyKey: string): Promise<Value> {
  const { call, controller } = run.calls.get(key) as LiveCall;
  const { tools, maxToolResultBytes } = run.agent;
  const tool = tools.get(call.tool);
  if (tool === undefined) throw new ToolInputError(`There is no tool \`${call.tool}\`. The tools are: ${[...tools.keys()].join(", ") || "none"}.`);
  const input = nameArguments(tool, call);
  const checked = await tool.input.check(input);
  if ("problems" in checked) throw new ToolInputError(`${tool.name} was called with wrong arguments: ${checked.problems.join("; ")}`);
  const request = { callId: call.id, tool: tool.name, input, runId: run.runId, agentPath: run.agentPath };
  await abortable(authorize(run, tool, request), controller.signal);
  const result = await execute(run, tool, checked.value as never, { callId: call.id, idempotencyKey, controller });
  return checkResult(tool, result, maxToolResultBytes);
}

async function authorize(run: RunContext, tool: AnyTool, request: ToolCallRequest): Promise<void> {
  const refuse = (reason: string): ToolError => new ToolError(`The call of ${tool.name} was refused: ${reason}.`, { denied: true });
  try {
    const { toolPolicy = () => "allow" } = run.agent;
    const decision = await toolPolicy(request);
    if (typeof decision === "object" && decision !== null) throw refuse(String(decision.deny));
    if (decision !== "allow" && decision !== "ask") throw refuse(`the policy answered ${String(decision)} instead of "allow", "ask" or { deny }`);
    if (decision === "allow" && !tool.needsApproval) return;
    const { approve } = run.options;
    if (approve === undefined) throw refuse("it needs approval, and nobody can be asked in this run");
    if ((await approve(request)) !== true) throw refuse("it was not approved");
  } catch (error) {
    throw CodeletError.isInstance(error, "tool-denied") ? error : refuse(`the policy failed (${describeThrown(error).message})`);
  }
}

type CallIdentity = Pick<ToolContext, "callId" | "idempotencyKey"> & { readonly controller: AbortController };

async function execute(run: RunContext, tool: AnyTool, input: never, { controller, ...ids }: CallIdentity): Promise<unknown> {
  const { signal } = controller;
  const calledOff = abortAfter(controller, tool.timeoutMs, () => new ToolError(`${tool.name} gave no result within ${tool.timeoutMs} ms.`));
  const { runId, agentPath, options } = run;
  const emit: ToolContext["emit"] = (data) => run.emit({ type: "tool-data", callId: ids.callId, tool: tool.name, data });
  const context = { ...ids, signal, runId, agentPath, emit, context: options.context as never };
  try {
    signal.throwIfAborted();
    return await abortable(
      Promise.resolve().then(() => tool.execute(input, context)),
      signal,
    );
  } catch (error) {
    if (CodeletError.isInstance(error)) throw error;
    if (signal.aborted) throw new AbortedError(signal.reason);
    const { name, message } = describeThrown(error);
    throw new ToolError(name === "Error" ? message : `${name}: ${message}`, { cause: error });
  } finally {
    calledOff();
  }
}
