import { abortable } from "./abort.ts";
import { checkAnswer } from "./answer.ts";
import { describeThrown } from "./errors.ts";
import { generate } from "./generate.ts";
import { noUsage } from "./model.ts";
import { renderProblem } from "./prompts/observation.ts";
import type { Draft } from "./resolved-agent.ts";
import type { RunContext } from "./run-context.ts";

type Answer = { readonly output: unknown };

/** The ReAct loop: step after step until an answer holds. Throws LimitError at a limit. */
export async function loop(run: RunContext): Promise<unknown> {
  const { budget, planningInterval } = run.agent.definition;
  for (let step = 1; ; step++) {
    await abortable(run.scope.handle.mayStep(), run.signal);
    const startedAtMs = await run.journal.now(`${step}/start`);
    const activeMs = run.activeMs(startedAtMs);
    if (budget.wallTimeMs !== undefined && activeMs >= budget.wallTimeMs) throw run.ledger.reached("wallTimeMs", activeMs, budget.wallTimeMs);
    if (step > run.maxSteps) throw run.ledger.reached("steps", step - 1, run.maxSteps);
    await run.spend("steps", String(step));
    run.step = step;
    if (planningInterval !== undefined && (step - 1) % planningInterval === 0) await (await import("./between-steps.ts")).makePlan(run, step);
    const answer = await takeStep(run, newAction(step, startedAtMs));
    if (answer !== undefined) return answer.output;
  }
}

/** Ask the model, do what it says, show it the outcome. What was done is remembered also when the step is cut short. */
async function takeStep(run: RunContext, action: Draft): Promise<Answer | undefined> {
  run.emit({ type: "step-start" });
  let answer: Answer | undefined;
  try {
    answer = await act(run, action);
  } catch (error) {
    if (run.isControlFlow(error)) throw error;
    action.error = { code: "unknown", ...describeThrown(error) };
    action.observation = renderProblem(action.error, action.observation, run.agent.maxObservationCharacters);
    if (action.error.code !== "model-output") {
      if (action.modelOutput !== "") await remember(run, action);
      throw error;
    }
  }
  await remember(run, action);
  return answer;
}

async function act(run: RunContext, action: Draft): Promise<Answer | undefined> {
  const { kind, memory, agent } = run;
  if (agent.compactor !== undefined) await (await import("./between-steps.ts")).compact(run, String(action.step), run.signal);
  const messages = memory.toMessages();
  const response = await generate(run, `${action.step}/model`, { ...kind.request, messages, signal: run.signal });
  action.usage = response.usage;
  run.lastPrompt = { messages, inputTokens: response.usage.input };
  const final = await kind.act(run, action, response);
  if (final === undefined) return undefined;
  const output = await abortable(checkAnswer(run, String(action.step), final.value), run.signal);
  action.isFinal = true;
  return { output };
}

async function remember(run: RunContext, action: Draft): Promise<void> {
  const { step, isFinal } = action;
  action.durationMs = run.activeMs(await run.journal.now(`${step}/end`), action.startedAtMs);
  action.untrusted = [...run.exposure.untrusted];
  run.memory.add(action);
  await run.root.scope.continuation?.unreached?.count(run, `${run.path}${step}/`);
  await run.journal.checkpoint({ step, isFinal });
  run.emit({ type: "step-end", action });
  if (run.agent.stepCallbacks !== undefined) await (await import("./between-steps.ts")).callBack(run, action, String(step));
}

export function newAction(step: number, startedAtMs: number): Draft {
  const texts = { modelOutput: "", thought: "", code: "", observation: "" };
  return { type: "action", step, ...texts, outputs: [], toolCalls: [], usage: noUsage, startedAtMs, durationMs: 0, isFinal: false };
}
