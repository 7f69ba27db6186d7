import type { PlainValue, RunBase, RunResult } from "@codelet/core";
import { count, duration, tokens } from "./amounts.ts";
import { block, heading } from "./layout.ts";
import { renderValue } from "./render-value.ts";
import { sanitize } from "./sanitize.ts";
import type { View } from "./view.ts";

/** How a run ended: its answer, or why there is none, and the totals. */
export function renderResult(result: RunResult<PlainValue>, view: View): string {
  switch (result.state) {
    case "success":
      return `\n${heading("Answer", view)}${answer(result.output, view)}\n${totals(result, view)}`;
    case "limit": {
      const output = result.output ?? result.text;
      const last = output === undefined ? block("The model gave no last answer.", "  ", view) : answer(output, view);
      return `\n${heading(`Limit reached: ${result.limit}. The last answer`, view)}${last}\n${totals(result, view)}`;
    }
    case "suspended": {
      const calls = result.pending.map(({ tool, input }) => `${tool}(${renderValue(input)})`).join("\n");
      return `\n${heading("Suspended: these calls wait for a decision", view)}${block(sanitize(calls), "  ", view)}\n${totals(result, view)}`;
    }
    case "aborted":
      return `\n${heading("Interrupted", view)}${totals(result, view)}`;
  }
}

/** A run that failed for reasons of the world or ours, and what it had done. */
export function renderFailure(message: string, run: RunBase | undefined, view: View): string {
  return `\n${heading("Failed", view)}${block(sanitize(message), "  ", view, "red")}${run === undefined ? "" : `\n${totals(run, view)}`}`;
}

function answer(output: PlainValue, view: View): string {
  return block(renderValue(output), "  ", view);
}

function totals({ steps, usage, durationMs, costUsd }: RunBase, view: View): string {
  const actions = steps.filter((step) => step.type === "action");
  const calls = actions.reduce((sum, { toolCalls }) => sum + toolCalls.length, 0);
  const facts = [
    count(actions.length, "step"),
    calls === 0 ? "" : count(calls, "tool call"),
    tokens(usage),
    costUsd === 0 ? "" : `$${costUsd.toPrecision(3)}`,
    duration(durationMs),
  ];
  return block(facts.filter(Boolean).join(" · "), "", view, "dim");
}
