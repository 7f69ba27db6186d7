import type { ActionStep, Execution } from "@codelet/core";
import { duration, tokens } from "./amounts.ts";
import { block } from "./layout.ts";
import type { Colour } from "./palette.ts";
import { renderValue } from "./render-value.ts";
import { sanitize, sanitizeLine } from "./sanitize.ts";
import type { View } from "./view.ts";

/** Characters of a step's last value that are shown. */
const maxValueCharacters = 2_000;

/** What the model is shown of a program besides its output: its last value, its error, the loss of its variables. */
export function renderExecution({ value, valueText, error, stateLost, finalAnswer }: Execution, view: View): string {
  const shown = valueText ?? (value === null ? "" : renderValue(value));
  const parts = [
    shown === "" || error !== undefined || finalAnswer !== undefined ? "" : marked("→", cut(sanitize(shown)), view),
    error === undefined ? "" : failure(`${error.name}: ${error.message}${error.line === undefined ? "" : ` (line ${error.line})`}`, view),
    stateLost ? failure("The interpreter was restarted: its variables are gone.", view) : "",
  ];
  return parts.join("");
}

/** What the step cost; the model's text where it held no program, and why an answer was refused. */
export function renderStepEnd({ code, modelOutput, error, toolCalls, usage, durationMs }: ActionStep, view: View): string {
  // The error of code was shown with its execution; an interruption is what the run ends with.
  const isShown = error === undefined || error.code === "code-failed" || error.code === "aborted";
  const facts = [countedCalls(toolCalls), tokens(usage), duration(durationMs)].filter(Boolean).join(" · ");
  return [
    code === "" ? block(sanitize(modelOutput), "  ", view) : "",
    isShown ? "" : failure(error.message, view),
    block(facts, "  ", view, "dim"),
  ].join("");
}

function failure(message: string, view: View): string {
  return marked("✗", sanitize(message), view, "red");
}

function marked(mark: string, text: string, view: View, colour?: Colour): string {
  const behind = block(text, "    ", view, colour).slice(4);
  return `  ${colour === undefined ? mark : view.paint(colour, mark)} ${behind}`;
}

function cut(text: string): string {
  return text.length <= maxValueCharacters ? text : `${text.slice(0, maxValueCharacters)} … (${text.length - maxValueCharacters} characters more)`;
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
