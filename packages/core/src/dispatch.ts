import { abortAfter, abortable } from "./abort.ts";
import { AbortedError, CodeletError, describeThrown, ToolError, ToolInputError } from "./errors.ts";
import type { CallResult, SandboxCall } from "./executor.ts";
import { type Outcome, operationError } from "./journal.ts";
import type { ToolCallRecord } from "./memory.ts";
import { isGuarded } from "./policy.ts";
import type { RunContext } from "./run-context.ts";
import type { AnyTool, ToolContext } from "./tool.ts";
import { checkResult, nameArguments } from "./tool-values.ts";
import type { Value } from "./value.ts";

/** Of an error, which is kept with the run: it may quote names from the arguments, of any length. */
const maxErrorCharacters = 20_000;

/** `limit` was reached in the call, and ends the run. */
type Dispatched = { readonly result: CallResult; readonly record: ToolCallRecord; readonly limit?: CodeletError };

/**
 * Performs a call, with its events; a failure is data for the code. Rejects with what ends the run before the call has an outcome: no room for it in the
 * budget, a file of the kernel that can't be loaded, control flow of the journal.
 */
export async function dispatchCall(run: RunContext, key: string, call: SandboxCall, controller: AbortController): Promise<Dispatched> {
  const { id, tool } = call;
  await run.spend("toolCalls", key);
  const startedAt = performance.now();
  run.emit({ type: "tool-call", callId: id, tool, input: { args: call.args, kwargs: call.kwargs } });
  const outcome = await perform(run, key, call, controller);
  const durationMs = performance.now() - startedAt;
  if ("value" in outcome) {
    run.emit({ type: "tool-result", callId: id, tool, value: outcome.value, durationMs });
    return { result: { id, value: outcome.value }, record: { id, tool } };
  }
  const { name, message, code, cause } = outcome.error;
  const error = { name, message: message.length > maxErrorCharacters ? `${message.slice(0, maxErrorCharacters)}...` : message };
  run.emit({ type: "tool-result", callId: id, tool, error: code === undefined ? error : { ...error, code }, cause, durationMs });
  // One that the run's signal has brought is the run's affair already.
  const isLimit = CodeletError.isInstance(cause, "limit-reached") && !controller.signal.aborted;
  return { result: { id, error }, record: { id, tool, error }, ...(isLimit && { limit: cause }) };
}

/** One way for calls from code and from JSON: validate, ask the policy, execute, check the result. */
async function perform(run: RunContext, key: string, call: SandboxCall, controller: AbortController): Promise<Outcome<Value>> {
  const { callable } = run.agent;
  const { signal } = controller;
  const tool = callable.get(call.tool);
  const othersDecide = tool !== undefined && isGuarded(run, tool);
  // Where it can't be loaded, that is no error of the call.
  const others = othersDecide || tool?.agent !== undefined ? await import("./with-others.ts") : undefined;
  try {
    if (tool === undefined)
      throw new ToolInputError(`There is no tool \`${call.tool}\`. The tools are: ${[...callable.keys()].join(", ") || "none"}.`);
    const named = nameArguments(tool, call);
    const checked = await abortable(checkInput(tool, named), signal);
    const request = { callId: call.id, tool: tool.name, input: named, runId: run.runId, agentPath: run.agentPath };
    const allowed = othersDecide && others ? await others.authorize(run, tool, key, request, signal) : named;
    const input = allowed === named ? checked : await abortable(checkInput(tool, allowed), signal);
    // Also a failure may carry what a stranger wrote.
    if (tool.ingests === "untrusted") run.exposure.untrusted.add(tool.name);
    if (others !== undefined && tool.agent !== undefined) return await others.callAgent(run, tool, tool.agent, key, input, signal);
    return await run.operate(key, "tool", async ({ idempotencyKey }) => {
      await abortable(run.ready(), signal);
      return execute(run, tool, input, { callId: call.id, idempotencyKey, controller });
    });
  } catch (error) {
    if (run.isControlFlow(error) || (!tool?.agent && CodeletError.isInstance(error, "limit-reached") && !signal.aborted)) throw error;
    // In code a denial is caught by the name that languages have for it.
    return { error: { ...operationError(error), ...(CodeletError.isInstance(error, "tool-denied") && { name: "PermissionError" }) } };
  }
}

async function checkInput(tool: AnyTool, input: unknown): Promise<never> {
  const checked = await tool.input.check(input);
  if ("problems" in checked) throw new ToolInputError(`${tool.name} was called with wrong arguments: ${checked.problems.join("; ")}`);
  return checked.value as never;
}

type CallIdentity = Pick<ToolContext, "callId" | "idempotencyKey"> & { readonly controller: AbortController };

async function execute(run: RunContext, tool: AnyTool, input: never, { controller, ...ids }: CallIdentity): Promise<Value> {
  const { signal } = controller;
  const calledOff = abortAfter(controller, tool.timeoutMs, () => new ToolError(`${tool.name} gave no result within ${tool.timeoutMs} ms.`));
  const { runId, agentPath, options, agent } = run;
  const emit: ToolContext["emit"] = (data) => run.emit({ type: "tool-data", callId: ids.callId, tool: tool.name, data });
  const context = { ...ids, signal, runId, agentPath, emit, context: options.context as never };
  try {
    signal.throwIfAborted();
    const result = Promise.resolve().then(() => tool.execute(input, context));
    const checked = result.then((given) => checkResult(tool, given, agent.maxToolResultBytes));
    return await abortable(checked, signal);
  } catch (error) {
    if (CodeletError.isInstance(error) && error.code !== "tool-input") throw error; // it did run
    if (signal.aborted) throw new AbortedError(signal.reason);
    const { name, message } = describeThrown(error);
    throw new ToolError(name === "Error" ? message || `${tool.name} failed without saying why.` : `${name}: ${message}`, { cause: error });
  } finally {
    calledOff();
  }
}
