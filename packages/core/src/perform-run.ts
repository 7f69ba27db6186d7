import type { RunOptions, RunResult } from "./agent.ts";
import { describeThrown, LimitError, type LimitName } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { generate } from "./generate.ts";
import { loop } from "./loop.ts";
import { textOf } from "./model.ts";
import { describeTask } from "./prompts/prompts.ts";
import type { ResolvedAgent } from "./resolved-agent.ts";
import type { RunHandle } from "./run.ts";
import { RunContext } from "./run-context.ts";

type Ending =
  | { readonly state: "success"; readonly output: unknown }
  | { readonly state: "limit"; readonly limit: LimitName; readonly output?: unknown; readonly text?: string }
  | { readonly state: "aborted"; readonly reason: unknown };

/** One run of an agent from its task to its result. Whatever happens, the sandbox is closed and one terminal event is sent. */
export async function performRun(
  agent: ResolvedAgent,
  executor: Executor,
  task: string,
  options: RunOptions,
  handle: RunHandle,
): Promise<RunResult<unknown>> {
  const run = new RunContext(agent, executor, options, handle);
  const { maxDurationMs } = agent.limits;
  const timer = maxDurationMs && setTimeout(() => run.stop(new LimitError("duration", maxDurationMs, maxDurationMs)), maxDurationMs);
  try {
    await run.begin(task);
    const { name, capabilities } = executor;
    if (capabilities.isolation === 0)
      run.emit({ type: "warning", message: `The executor "${name}" runs code on this machine with your rights: isolation level 0.` });
    run.memory.add({ type: "system", prompt: agent.systemPrompt });
    run.memory.add({ type: "task", task: describeTask(task, options.additionalArgs), images: options.images ?? [] });
    const ending = await reachEnd(run, task);
    run.step = undefined;
    const facts = await run.facts();
    run.emit({ type: "run-end", state: ending.state, usage: facts.usage, durationMs: facts.durationMs });
    return { ...facts, ...ending };
  } catch (error) {
    const facts = await run.facts();
    run.emit({ type: "run-end", state: "failed", usage: facts.usage, durationMs: facts.durationMs, error: describeThrown(error) });
    if (typeof error === "object" && error !== null && Object.isExtensible(error)) Object.assign(error, { run: facts });
    throw error;
  } finally {
    clearTimeout(timer);
    await run.sandbox[Symbol.asyncDispose]();
  }
}

/** How the loop ended. The callers' abort is a result; a failure of the world or ours is thrown. */
async function reachEnd(run: RunContext, task: string): Promise<Ending> {
  try {
    const result = await loop(run);
    return result.state === "limit" ? { ...result, ...(await lastAnswer(run, task, result.limit)) } : result;
  } catch (error) {
    if (!run.callers.aborted) throw error;
    return { state: "aborted", reason: run.callers.reason };
  }
}

/** At a limit the model answers once more from what it has. A failure of this call is a warning: the run has ended anyway. */
async function lastAnswer(run: RunContext, task: string, limit: LimitName): Promise<{ readonly output?: unknown; readonly text?: string }> {
  const { output, prompts } = run.agent;
  const question = prompts.lastAnswer({ limit, task, answerSchema: output?.json });
  const schema = { type: "object", properties: { answer: output?.json }, required: ["answer"], additionalProperties: false };
  try {
    const response = await generate(run, "last", {
      messages: [...run.memory.messages(), { role: "user", content: question }],
      responseSchema: output && { name: "answer", schema },
      signal: run.callers,
    });
    const text = textOf(response.content);
    if (output === undefined) return { output: text, text };
    const checked = await output.check(answerOf(text));
    return "value" in checked ? { output: checked.value, text } : { text };
  } catch (error) {
    run.callers.throwIfAborted();
    run.emit({ type: "warning", message: `The last call for an answer failed: ${describeThrown(error).message}` });
    return {};
  }
}

function answerOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly answer?: unknown }).answer;
  } catch {
    return undefined;
  }
}
