import type { AgentEvent } from "@codelet/core";
import { duration } from "./amounts.ts";
import { block, codeBlock, heading } from "./layout.ts";
import { renderExecution, renderStepEnd } from "./render-step.ts";
import { sanitize, sanitizeLine } from "./sanitize.ts";
import type { View } from "./view.ts";

/**
 * One event of a run as text for a terminal: whole lines, wrapped to the view's width, foreign text sanitized; empty for events that are not shown.
 * A pure function. Output is expected in whole lines: `OutputLines` gathers them.
 */
export function renderEvent(event: AgentEvent, view: View): string {
  switch (event.type) {
    case "run-start":
      return `${heading("Task", view)}${block(sanitize(event.task), "  ", view)}`;
    case "warning":
      return block(`Warning: ${sanitize(event.message)}`, "  ", view, "yellow");
    case "step-start":
      return `\n${heading(`Step ${event.step}`, view)}`;
    case "model-retry":
      return block(`${sanitizeLine(event.message)} Again in ${duration(event.delayMs)}.`, "  ", view, "yellow");
    case "code":
      return renderAction(event.thought, event.code, view);
    case "output-delta":
      return block(sanitize(event.text), gutter(view), view, event.stream === "stderr" ? "yellow" : undefined);
    case "tool-result": {
      if (event.error === undefined) return "";
      const { name, message } = event.error;
      return block(sanitizeLine(`${event.tool} failed: ${name}: ${message}`), gutter(view), view, "red");
    }
    case "rich-output":
      return block(sanitizeLine(`[displayed: ${Object.keys(event.output).join(", ")}]`), gutter(view), view, "dim");
    case "execution":
      return renderExecution(event.execution, view);
    case "step-end":
      return renderStepEnd(event.action, view);
    default:
      return "";
  }
}

function renderAction(thought: string, code: string, view: View): string {
  const text = sanitize(thought.replace(/^\s*Thought:\s*/i, "")).trim();
  const spaced = text === "" ? "" : `${block(text, "  ", view)}\n`;
  return `${spaced}${codeBlock(view.highlight(sanitize(code)), "    ", view)}\n`;
}

function gutter({ paint }: View): string {
  return `  ${paint("dim", "│")} `;
}
