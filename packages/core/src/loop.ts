import { abortable } from "./abort.ts";
import type { RunEnding } from "./agent.ts";
import { checkAnswer } from "./answer.ts";
import { CodeletError, describeThrown, type LimitError, ModelOutputError } from "./errors.ts";
import { type Evidence, execute } from "./execute.ts";
import type { Execution } from "./executor.ts";
import { generate } from "./generate.ts";
import type { ActionStep } from "./memory.ts";
import { noUsage, textOf } from "./model.ts";
import { renderExecution, renderProblem } from "./prompts/observation.ts";
import type { RunContext } from "./run-context.ts";

type Draft = { -readonly [Key in keyof ActionStep]: ActionStep[Key] };
type Answer = { readonly output: unknown };

/** The ReAct loop: step after step until an answer holds or a limit is reached. */
export async function loop(run: RunContext): Promise<RunEnding<unknown>> {
  try {
    for (let step = 1; ; step++) {
      await abortable(run.mayStep(), run.signal);
      const startedAtMs = await run.journal.now(`${step}/start`);
      run.ledger.checkStep(step, startedAtMs - run.startedAtMs);
      const answer = await takeStep(run, newAction(step, startedAtMs));
      if (answer !== undefined) return { state: "success", output: answer.output };
    }
  } catch (error) {
    if (CodeletError.isInstance(error, "limit-reached") && !run.isControlFlow(error)) return { state: "limit", limit: (error as LimitError).limit };
    throw error;
  }
}

/** Ask the model, run its program, show it the outcome. What was done is remembered also when the step is cut short. */
async function takeStep(run: RunContext, action: Draft): Promise<Answer | undefined> {
  run.step = action.step;
  run.emit({ type: "step-start" });
  let answer: Answer | undefined;
  try {
    answer = await act(run, action);
  } catch (error) {
    if (run.isControlFlow(error)) throw error;
    const { name, message } = describeThrown(error);
    action.error = { code: CodeletError.isInstance(error) ? error.code : "unknown", name, message };
    action.observation = renderProblem(message, action.observation, run.agent.maxObservationCharacters);
    if (!CodeletError.isInstance(error, "model-output")) {
      if (action.modelOutput !== "") await remember(run, action);
      throw error;
    }
  }
  await remember(run, action);
  return answer;
}

async function act(run: RunContext, action: Draft): Promise<Answer | undefined> {
  const { agent, memory } = run;
  const response = await generate(run, String(action.step), { ...agent.actionRequest, messages: memory.messages(), signal: run.signal });
  action.usage = response.usage;
  action.modelOutput = agent.close(textOf(response.content)) || "(empty)";
  if (response.finishReason === "length") throw new ModelOutputError("Your answer was cut off: it is too long. Do less in one step.");
  Object.assign(action, agent.parse(action.modelOutput));
  run.emit({ type: "code", thought: action.thought, code: action.code });
  const { finalAnswer, error } = await runProgram(run, action);
  if (error !== undefined) action.error = { code: "code-failed", name: error.name, message: error.message };
  if (finalAnswer === undefined) return undefined;
  const output = await checkAnswer(finalAnswer.value, agent.output, agent.finalAnswerChecks, memory);
  action.isFinal = true;
  return { output };
}

/** A sandbox that crashes is replaced, and the model is told; one that keeps crashing ends the run. */
async function runProgram(run: RunContext, action: Draft): Promise<Execution> {
  const evidence: Evidence = { toolCalls: [] };
  try {
    return await execute(run, await abortable(run.sandbox.session(), run.signal), String(action.step), action.code, evidence);
  } catch (error) {
    const crashed = CodeletError.isInstance(error, "executor-crashed", "protocol") && !run.isControlFlow(error);
    if (!crashed || !(await run.sandbox.replace())) throw error;
    run.emit({ type: "warning", message: `The sandbox crashed and is replaced: ${error.message}` });
    const lost = { name: "SandboxCrashed", message: error.message };
    evidence.execution = { value: null, logs: "", outputs: [], error: lost, stateLost: true, durationMs: 0 };
    return evidence.execution;
  } finally {
    action.toolCalls = evidence.toolCalls;
    if (evidence.execution !== undefined) show(run, action, evidence.execution);
  }
}

function show(run: RunContext, action: Draft, execution: Execution): void {
  action.outputs = execution.outputs;
  action.observation = renderExecution(execution, run.agent.maxObservationCharacters);
  run.emit({ type: "execution", execution });
  for (const output of execution.outputs) run.emit({ type: "rich-output", output });
}

async function remember(run: RunContext, action: Draft): Promise<void> {
  action.durationMs = (await run.journal.now(`${action.step}/end`)) - action.startedAtMs;
  run.memory.add(action);
  await run.journal.checkpoint({ step: action.step, isFinal: action.isFinal });
  run.emit({ type: "step-end", action });
}

function newAction(step: number, startedAtMs: number): Draft {
  const texts = { modelOutput: "", thought: "", code: "", observation: "" };
  return { type: "action", step, ...texts, outputs: [], toolCalls: [], usage: noUsage, startedAtMs, durationMs: 0, isFinal: false };
}
