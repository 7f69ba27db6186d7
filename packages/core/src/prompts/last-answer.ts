import { forModel } from "./observation.ts";
import type { LastAnswerContext } from "./templates.ts";

export function lastQuestion({ limit, task, answerSchema }: LastAnswerContext): string {
  const form =
    answerSchema === undefined
      ? "as plain text without code"
      : `as one JSON object {"answer": …}, the answer of this schema: ${JSON.stringify(answerSchema)}`;
  return `You have reached the limit of ${limit} and can't run code any more. Answer this task now, from what you have found so far, ${form}.\nTask: ${forModel(task)}`;
}
