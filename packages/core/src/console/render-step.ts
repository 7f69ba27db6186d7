import type { CodeErrorInfo, Execution } from "../executor.ts";
import type { ActionStep, PlanningStep } from "../memory.ts";
import { duration, tokens } from "./amounts.ts";
import { block, heading, markedBlock } from "./layout.ts";
import { cutText, renderValue } from "./render-value.ts";
import { sanitize, sanitizeLine } from "./sanitize.ts";
import type { Told } from "./told.ts";
import type { View } from "./view.ts";

/** Characters of a step's last value that are shown. */
const maxValueCharacters = 2_000;

/** What the model is shown of a program besides its output: its last value, its error, the loss of its variables. */
export function renderExecution(execution: Execution, view: View): string {
  const { value, valueText, error, finalAnswer } = execution;
  const shown = valueText ?? (value === null ? "" : renderValue(value));
  const isShown = shown !== "" && error === undefined && finalAnswer === undefined;
  return isShown
    ? `${markedBlock("→", cutText(sanitize(shown), maxValueCharacters), view)}${renderCodeFailure(execution, view)}`
    : renderCodeFailure(execution, view);
}

export function renderCodeFailure({ error, stateLost }: Execution, view: View): string {
  const lost = stateLost ? failure("The interpreter was restarted: its variables are gone.", view) : "";
  return error === undefined ? lost : `${failure(describeError(error), view)}${lost}`;
}

/** What the model means to do in the steps that follow, and what the plan cost. */
export function renderPlan({ plan, usage, durationMs }: PlanningStep, view: View): string {
  const facts = [tokens(usage), duration(durationMs)].filter(Boolean).join(" · ");
  return `\n${heading("Plan", view)}${block(sanitize(plan), "  ", view)}${block(facts, "  ", view, "dim")}`;
}

/** What the step cost; the model's text where it held no action, and why an answer was refused. */
export function renderStepEnd(action: ActionStep, view: View, told: Told): string {
  const { code, thought, modelOutput, toolCalls, toolResults, usage, durationMs } = action;
  const text = toolResults === undefined ? modelOutput : thought;
  const facts = [countedCalls(toolCalls), tokens(usage), duration(durationMs)].filter(Boolean).join(" · ");
  return [
    code === "" && !told.hasThought ? block(sanitize(text).trim(), "  ", view) : "",
    renderStepFailure(action, view),
    block(facts, "  ", view, "dim"),
  ].join("");
}

/** The error of code was shown with its execution; an interruption is what the run ends with. */
export function renderStepFailure({ error }: ActionStep, view: View): string {
  return error === undefined || error.code === "code-failed" || error.code === "aborted" ? "" : failure(error.message, view);
}

function describeError({ name, message, line }: CodeErrorInfo): string {
  return `${name}: ${message}${line === undefined ? "" : ` (line ${line})`}`;
}

function failure(message: string, view: View): string {
  return markedBlock("✗", sanitize(message), view, "red");
}

/** `list_genres, films_of_genre × 12 (1 failed)` */
function countedCalls(calls: ActionStep["toolCalls"]): string {
  const tools = [...new Set(calls.map(({ tool }) => tool))];
  return tools
    .map((tool) => {
      const own = calls.filter((call) => call.tool === tool);
      const failed = own.filter(({ error }) => error !== undefined).length;
      return `${sanitizeLine(tool)}${own.length === 1 ? "" : ` × ${own.length}`}${failed === 0 ? "" : ` (${failed} failed)`}`;
    })
    .join(", ");
}
