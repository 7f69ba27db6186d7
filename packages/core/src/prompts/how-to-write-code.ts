import type { CodeTags, Language } from "../code-tags.ts";
import { jsonSafe } from "../loose-json.ts";
import type { ToolCallPart } from "../model.ts";
import type { Json } from "../value.ts";
import { pythonLiteral } from "./signatures.ts";

export interface WithoutCode {
  readonly text: string;
  /** The text without the model's thoughts. */
  readonly said: string;
  readonly tags: CodeTags;
  readonly language: Language;
  /** What was written as data instead of code. */
  readonly call?: ToolCallPart | undefined;
}

/** What the model is told whose answer holds no action. */
export function howToWriteCode({ text, said, tags: { open, close }, language, call }: WithoutCode): string {
  const parts = [
    said.trim() === "" && text.trim() !== "" ? "All that you wrote were thoughts; the code has to stand after them. " : "",
    `Your answer holds no code between ${open} and ${close}. Write it in this form:\nThought: your reasoning\n${open}\n`,
    call === undefined ? 'final_answer("your answer")' : asCode(call, language),
    `\n${close}`,
    /final[_ ]?answer|answer is|\\boxed|<answer>/i.test(said) && call === undefined
      ? "\nTo end with your answer, call final_answer in the code."
      : "",
  ];
  return parts.join("");
}

const maxCharacters = 500;

function asCode({ name, input }: ToolCallPart, language: Language): string {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const given = Object.entries(isObject ? input : { "": input });
  const ofPython = given.map(([key, value]) => `${key === "" ? "" : `${key}=`}${pythonLiteral(value)}`);
  const call =
    language === "python" ? `${name}(${ofPython.join(", ")})` : `await ${name}(${given.map(([, value]) => javascriptLiteral(value)).join(", ")})`;
  return call.length > maxCharacters ? `${name}(…)` : call;
}

function javascriptLiteral(value: Json): string {
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(jsonSafe(value));
}
