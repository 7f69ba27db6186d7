import { abortAfter } from "./abort.ts";
import type { RunEnding, RunOptions, RunResult } from "./agent.ts";
import { checkAnswer } from "./answer.ts";
import { describeThrown, LimitError, type LimitName } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { generate } from "./generate.ts";
import { loop } from "./loop.ts";
import { textOf } from "./model.ts";
import { unfence } from "./parse-code.ts";
import { describeTask } from "./prompts/prompts.ts";
import type { ResolvedAgent } from "./resolved-agent.ts";
import type { RunHandle } from "./run.ts";
import { RunContext } from "./run-context.ts";

/** The last call for an answer may take so long, retries included. */
const lastAnswerTimeoutMs = 60_000;

/** One run of an agent from its task to its result. Whatever happens, the sandbox is closed and one terminal event is sent. */
export async function performRun(
  agent: ResolvedAgent,
  executor: Executor,
  task: string,
  options: RunOptions,
  handle: RunHandle,
): Promise<RunResult<unknown>> {
  const run = new RunContext(agent, executor, options, handle);
  try {
    await run.begin(task);
    const { name, capabilities } = executor;
    if (capabilities.isolation === 0)
      run.emit({ type: "warning", message: `The executor "${name}" runs code on this machine with your rights: isolation level 0.` });
    run.memory.add({ type: "system", prompt: agent.systemPrompt });
    run.memory.add({ type: "task", task: describeTask(task, options.additionalArgs), images: options.images ?? [] });
    const ending = await reachEnd(run, task);
    return { ...(await run.end(ending.state, "output" in ending ? { output: ending.output } : {})), ...ending };
  } catch (error) {
    const facts = await run.end("failed", { error: describeThrown(error) });
    if (typeof error === "object" && error !== null && Object.isExtensible(error)) Object.assign(error, { run: facts });
    throw error;
  }
}

/** How the loop ended. The callers' abort is a result; a failure of the world or ours is thrown. */
async function reachEnd(run: RunContext, task: string): Promise<RunEnding<unknown>> {
  const { maxDurationMs } = run.agent.limits;
  const calledOff = maxDurationMs && abortAfter(run.stopper, maxDurationMs, () => new LimitError("duration", maxDurationMs, maxDurationMs));
  try {
    const result = await loop(run);
    return result.state === "limit" ? { ...result, ...(await lastAnswer(run, task, result.limit)) } : result;
  } catch (error) {
    if (!run.callers.aborted) throw error;
    return { state: "aborted", reason: run.callers.reason };
  } finally {
    if (calledOff) calledOff();
  }
}

/** At a limit the model answers once more from what it has. A failure of this call is a warning: the run has ended anyway. */
async function lastAnswer(run: RunContext, task: string, limit: LimitName): Promise<{ readonly output?: unknown; readonly text?: string }> {
  const { output: schema, prompts, finalAnswerChecks } = run.agent;
  const question = prompts.lastAnswer({ limit, task, answerSchema: schema?.json });
  const shape = { type: "object", properties: { answer: schema?.json }, required: ["answer"], additionalProperties: false };
  let text: string | undefined;
  try {
    const response = await generate(run, "last", {
      messages: [...run.memory.messages(), { role: "user", content: question }],
      responseSchema: schema && { name: "answer", schema: shape },
      signal: AbortSignal.any([run.callers, AbortSignal.timeout(lastAnswerTimeoutMs)]),
    });
    text = textOf(response.content);
    const answer = schema === undefined ? text : (JSON.parse(unfence(text)) as { readonly answer: never }).answer;
    return { output: await checkAnswer(answer, schema, finalAnswerChecks, run.memory), text };
  } catch (error) {
    if (run.isControlFlow(error) || run.callers.aborted) throw error;
    run.emit({ type: "warning", message: `There is no checked answer at the limit: ${describeThrown(error).message}` });
    return text === undefined ? {} : { text };
  }
}
