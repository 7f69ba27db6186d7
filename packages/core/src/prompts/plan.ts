import type { PlanContext } from "./templates.ts";

export function planQuestion({ isFirst, remainingSteps, tools }: PlanContext): string {
  const first = `Before you begin, write a plan for the task, and nothing else: no code and no tool calls now.
1. Facts: what the task gives you, what you have to look up and where, what you have to work out.
2. Plan: the steps to the answer, each with the tool it needs.`;
  const next = `Stop here and write a new plan for what is left of the task, and nothing else: no code and no tool calls now.
1. Facts: what you have found so far, what is still to look up or to work out, and what turned out wrong.
2. Plan: the steps from here to the answer.`;
  const names = tools.length === 0 ? "You have no tools." : `The tools are: ${tools.join(", ")}.`;
  return `${isFirst ? first : next}\n${names} You have ${remainingSteps} ${remainingSteps === 1 ? "step" : "steps"} left.`;
}
