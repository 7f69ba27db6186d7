import type { CodeTags } from "../code-tags.ts";
import type { ToolCallPart } from "../model.ts";
import { pythonLiteral } from "./signatures.ts";

/** What the model is told whose answer holds no action. `said` is its answer without its thoughts, `call` what it wrote as data instead of code. */
export function howToWriteCode(text: string, said: string, { open, close }: CodeTags, call?: ToolCallPart): string {
  const parts = [
    said.trim() === "" && text.trim() !== "" ? "All that you wrote were thoughts; the code has to stand after them. " : "",
    `Your answer holds no code between ${open} and ${close}. Write it in this form:\nThought: your reasoning\n${open}\n`,
    call === undefined ? 'final_answer("your answer")' : asCode(call),
    `\n${close}`,
    /final[_ ]?answer|answer is|\\boxed|<answer>/i.test(said) && call === undefined
      ? "\nTo end with your answer, call final_answer in the code."
      : "",
  ];
  return parts.join("");
}

const maxCharacters = 500;

/** The call as it is written in Python, whose calls JavaScript's resemble. */
function asCode({ name, input }: ToolCallPart): string {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const given = isObject ? Object.entries(input).map(([key, value]) => `${key}=${pythonLiteral(value)}`) : [pythonLiteral(input)];
  const call = `${name}(${given.join(", ")})`;
  return call.length > maxCharacters ? `${name}(…)` : call;
}
