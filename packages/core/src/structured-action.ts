import { codeTags, type Language, type ParsedAction } from "./code-tags.ts";
import { ModelOutputError } from "./errors.ts";
import { objectWith } from "./loose-json.ts";
import { parseCode, programsIn } from "./parse-code.ts";
import { withoutThoughts } from "./thoughts.ts";

const form = 'Answer with one JSON object: {"thought": "…", "code": "…"}';

/** The action of the structured mode: `{"thought": …, "code": …}`, also inside a fence or among prose. Throws {@link ModelOutputError}. */
export function parseStructured(text: string, language: Language = "python"): ParsedAction {
  const { thought = "", code } = objectWith("code", withoutThoughts(text)) ?? {};
  if (typeof code !== "string" || code.trim() === "") throw new ModelOutputError(`Your answer holds no "code" text in valid JSON. ${form}`);
  const isTagged = code.trimStart().startsWith(codeTags.open);
  const program = isTagged ? parseCode(code, codeTags, language).code : programsIn(code, language).join("\n\n");
  if (program.trim() === "") throw new ModelOutputError(`Its "code" is no ${language}. ${form}`);
  return { thought: typeof thought === "string" ? thought : "", code: program };
}
