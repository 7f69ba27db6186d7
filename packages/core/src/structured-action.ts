import { codeTags, type Language, type ParsedAction } from "./code-tags.ts";
import { ModelOutputError } from "./errors.ts";
import { readLooseJson } from "./loose-json.ts";
import { parseCode, programsIn } from "./parse-code.ts";
import { isObject } from "./schema.ts";
import { withoutThoughts } from "./thoughts.ts";

const form = 'Answer with one JSON object: {"thought": "…", "code": "…"}';
const maxTries = 100;

/** The action of the structured mode: `{"thought": …, "code": …}`, also inside a fence or among prose. Throws {@link ModelOutputError}. */
export function parseStructured(text: string, language: Language = "python"): ParsedAction {
  const { thought = "", code } = firstObject(withoutThoughts(text));
  if (typeof code !== "string" || code.trim() === "") throw new ModelOutputError(`Your JSON holds no "code" text. ${form}`);
  const isTagged = code.trimStart().startsWith(codeTags.open);
  const program = isTagged ? parseCode(code, codeTags, language).code : programsIn(code, language).join("\n\n");
  return { thought: typeof thought === "string" ? thought : "", code: program };
}

/** The first object that holds code; else any. */
function firstObject(text: string): Readonly<Record<string, unknown>> {
  let found: Readonly<Record<string, unknown>> | undefined;
  for (let at = text.indexOf("{"), tries = 0; at >= 0 && tries < maxTries; tries++) {
    const { value, end } = readLooseJson(text, at);
    if (isObject(value)) {
      if ("code" in value) return value;
      found ??= value;
    }
    at = text.indexOf("{", isObject(value) ? end : at + 1);
  }
  if (found === undefined) throw new ModelOutputError(`Your answer is not valid JSON. ${form}`);
  return found;
}
