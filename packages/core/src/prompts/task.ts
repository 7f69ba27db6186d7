import type { Language } from "../code-tags.ts";
import type { Value } from "../value.ts";
import { forModel, headOf, showValue, typeName } from "./observation.ts";
import type { ManagedTaskContext } from "./templates.ts";

const previewCharacters = 120;
const previewItems = 40;

/** The task as the model reads it; of each variable its name, type and how it begins. Without a language there is no sandbox, and they are values that can be passed on by name. */
export function describeTask(task: string, variables: Readonly<Record<string, Value>> = {}, language?: Language): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    const whole = showValue(Array.isArray(value) ? value.slice(0, previewItems) : value);
    const shown = forModel(headOf(whole, previewCharacters), previewCharacters).replaceAll(/\s+/g, " ");
    return `- ${name} (${typeName(value, language ?? "python")}): ${shown}${whole.length >= previewCharacters ? " …" : ""}`;
  });
  const what =
    language !== undefined ? "These variables are defined in the sandbox:" : "These values are stored; to pass one to a tool, give its name:";
  const said = `New task:\n${forModel(task)}`;
  return lines.length === 0 ? said : `${said}\n\n${what}\n${lines.join("\n")}`;
}

export function managedTask({ name, task }: ManagedTaskContext): string {
  return `You are "${name}", a member of a team. Your manager gives you this task and sees nothing of your work but your final answer: put into it all that was asked for and what is needed to understand it. If you can't solve the task, say in the answer what you tried and what you found.\n---\n${task}`;
}
