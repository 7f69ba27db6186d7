import { generate } from "./generate.ts";
import type { PlanningStep } from "./memory.ts";
import { type Message, textOf } from "./model.ts";
import { planQuestion } from "./prompts/plan.ts";
import { renderPrompt } from "./prompts/templates.ts";
import type { RunContext } from "./run-context.ts";
import { callBack, compact } from "./step-callbacks.ts";
import { withoutThoughts } from "./thoughts.ts";

/** Before this step the model makes a plan, or a new one from what it has found. */
export async function makePlan(run: RunContext, step: number): Promise<void> {
  const { agent, memory, maxSteps, ledger, signal } = run;
  const key = `${step}/plan`;
  const startedAtMs = await run.journal.now(`${key}/start`);
  const ofThisTask = memory.steps.slice(memory.steps.findLastIndex(({ type }) => type === "task"));
  const isFirst = !ofThisTask.some(({ type }) => type === "planning");
  // This step is counted already.
  const remainingSteps = Math.min(maxSteps - step, ledger.left("steps")) + 1;
  const question = renderPrompt(planQuestion, agent.templates.plan, { isFirst, remainingSteps, tools: [...agent.callable.keys()] });
  const { tools } = run.kind.request;
  await compact(run, key, signal);
  const messages: Message[] = [...memory.toMessages(), { role: "user", content: question }];
  const response = await generate(run, `${key}/model`, {
    messages,
    ...(tools === undefined ? {} : { tools, toolChoice: "none" }),
    signal,
  });
  run.lastPrompt = { messages, inputTokens: response.usage.input };
  const text = withoutThoughts(textOf(response.content)).trim() || "(no plan)";
  const durationMs = (await run.journal.now(`${key}/end`)) - startedAtMs;
  const untrusted = [...run.exposure.untrusted];
  const planning: PlanningStep = { type: "planning", step, plan: text, untrusted, usage: response.usage, startedAtMs, durationMs };
  memory.add(planning);
  run.emit({ type: "plan", plan: planning });
  await callBack(run, planning, key);
}
