import type { ActionStep, Step } from "./memory.ts";
import { headOf, tailOf } from "./prompts/observation.ts";

/** The step with less of what was seen: head and tail of long texts, no pictures. The step itself where it is short already. */
export function shortenStep(step: Step, maxCharacters: number): Step {
  return step.type === "action" ? shortenAction(step, maxCharacters) : step;
}

function shortenAction(action: ActionStep, maxCharacters: number): ActionStep {
  const { observation, toolResults, images = [] } = action;
  const results = toolResults?.map((result) => {
    const content = cutText(result.content, maxCharacters);
    return content === result.content ? result : { ...result, content };
  });
  const marker = images.length === 0 ? "" : `[${images.length} ${images.length === 1 ? "picture" : "pictures"} left out to keep the prompt small]`;
  const shown = [cutText(observation, maxCharacters), marker].filter(Boolean).join("\n");
  const isSame = shown === observation && (results ?? []).every((result, index) => result === toolResults?.[index]);
  return isSame ? action : { ...action, observation: shown, toolResults: results, images: undefined };
}

/** Head and tail of the text, not longer than that with the marker between them. */
export function cutText(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const marker = `\n[… ${text.length} characters, shortened to keep the prompt small …]\n`;
  const half = Math.max(0, Math.floor((maxCharacters - marker.length) / 2));
  return headOf(text, half) + marker + tailOf(text, half);
}
