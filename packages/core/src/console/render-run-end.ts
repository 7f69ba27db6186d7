import type { AgentEvent } from "../events.ts";
import { count, duration, tokens } from "./amounts.ts";
import { block, heading } from "./layout.ts";
import { renderValue } from "./render-value.ts";
import { sanitize } from "./sanitize.ts";
import type { Told } from "./told.ts";
import type { View } from "./view.ts";

export type RunEnd = Extract<AgentEvent, { readonly type: "run-end" | "agent-end" }>;

/** How a run ended, or a managed agent's part of it: its answer, or why there is none, and the totals. */
export function renderRunEnd(event: RunEnd, view: View, told: Told): string {
  const body = renderEnding(event, view);
  return `\n${heading(titleOf(event), view)}${body === "" ? "" : `${body}\n`}${totals(event, view, told)}`;
}

/** The same where only failures are shown; empty for a run that went well. */
export function renderRunFailure(event: RunEnd, view: View): string {
  const hasFailed = event.state === "failed" || event.state === "limit" || (event.state === "suspended" && event.error !== undefined);
  return hasFailed ? `\n${heading(titleOf(event), view)}${renderEnding(event, view)}` : "";
}

function titleOf({ state, limit, error }: RunEnd): string {
  switch (state) {
    case "success":
      return "Answer";
    case "limit":
      return `Limit reached${limit === undefined ? "" : `: ${limit}`}. The last answer`;
    case "aborted":
      return "Interrupted";
    case "suspended":
      return error === undefined ? "Suspended: calls wait for a decision" : "Still suspended";
    case "failed":
      return "Failed";
  }
}

function renderEnding({ state, output, text, error }: RunEnd, view: View): string {
  switch (state) {
    case "success":
      return block(renderValue(output), "  ", view);
    case "limit": {
      const last = output === undefined ? text : renderValue(output);
      return block(last === undefined ? "The model gave no last answer." : sanitize(last), "  ", view);
    }
    case "aborted":
      return "";
    default:
      return block(sanitize(error?.message ?? ""), "  ", view, "red");
  }
}

function totals({ usage, costUsd, durationMs }: RunEnd, view: View, { steps, toolCalls }: Told): string {
  const facts = [
    count(steps, "step"),
    toolCalls === 0 ? "" : count(toolCalls, "tool call"),
    tokens(usage),
    costUsd ? `$${costUsd.toPrecision(3)}` : "",
    duration(durationMs),
  ];
  return block(facts.filter(Boolean).join(" · "), "", view, "dim");
}
