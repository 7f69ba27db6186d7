import type { AgentEvent } from "../events.ts";
import type { Approval } from "../policy.ts";
import type { Value } from "../value.ts";
import { duration } from "./amounts.ts";
import { block, gutter } from "./layout.ts";
import { cutText, renderInline, renderValue } from "./render-value.ts";
import { sanitizeLine } from "./sanitize.ts";
import type { View } from "./view.ts";

type ToolCall = Extract<AgentEvent, { readonly type: "tool-call" }>;
type ToolResult = Extract<AgentEvent, { readonly type: "tool-result" }>;

const maxArgumentCharacters = 300;
const maxResultCharacters = 2_000;

/** `#2 get_weather("Paris", unit="C")` */
export function renderCall({ tool, input }: ToolCall, view: View, number: number | undefined): string {
  return block(`${nameOf(tool, number)}(${renderArguments(input)})`, gutter, view);
}

/** `#2 get_weather · 120 ms → 14`, or why it failed. Without a number where the call itself isn't shown. */
export function renderCallResult({ tool, value, error, durationMs }: ToolResult, view: View, number: number | undefined): string {
  const called = nameOf(tool, number);
  if (error !== undefined) return block(`${called} failed: ${sanitizeLine(`${error.name}: ${error.message}`)}`, gutter, view, "red");
  const result = value === undefined || value === null ? "" : ` → ${cutText(renderValue(value), maxResultCharacters)}`;
  const time = durationMs === 0 ? "" : ` · ${duration(durationMs)}`; // a run that is printed again has none
  return block(`${called}${time}${result}`, gutter, view);
}

/** A call that waits, under the id that `decisions` name it by, and what is asked about it. */
export function renderApproval({ id, tool, input, reason }: Approval, view: View): string {
  const why = reason === undefined ? "" : `: ${sanitizeLine(reason)}`;
  return block(`Waits for a decision (${sanitizeLine(id)}): ${sanitizeLine(tool)}(${renderArguments(input)})${why}`, "  ", view, "yellow");
}

function nameOf(tool: string, number: number | undefined): string {
  return `${number === undefined ? "" : `#${number} `}${sanitizeLine(tool)}`;
}

/** As Python writes them: those of code by position and by name, those of JSON by name. */
function renderArguments(input: Value): string {
  const { args, kwargs } = isPositional(input) ? input : { args: [input], kwargs: {} };
  const named = Object.entries(kwargs).map(([key, value]) => `${sanitizeLine(key)}=${renderInline(value, maxArgumentCharacters)}`);
  return [...args.map((value) => renderInline(value, maxArgumentCharacters)), ...named].join(", ");
}

function isPositional(input: Value): input is { readonly args: readonly Value[]; readonly kwargs: { readonly [key: string]: Value } } {
  if (typeof input !== "object" || input === null || !("args" in input) || !("kwargs" in input)) return false;
  return Array.isArray(input.args) && typeof input.kwargs === "object" && input.kwargs !== null && Object.keys(input).length === 2;
}
