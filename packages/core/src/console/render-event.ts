import type { AgentEvent } from "../events.ts";
import { duration } from "./amounts.ts";
import { block, codeBlock, gutter, heading } from "./layout.ts";
import { renderApproval, renderCall, renderCallResult } from "./render-call.ts";
import { renderRunEnd } from "./render-run-end.ts";
import { renderExecution, renderPlan, renderStepEnd } from "./render-step.ts";
import { sanitize, sanitizeLine } from "./sanitize.ts";
import type { Told } from "./told.ts";
import type { View } from "./view.ts";

/**
 * One event as text for a terminal: whole lines, wrapped to the view's width, foreign text sanitized; empty for events that are not shown, and for
 * those of a kernel that is newer than this. Output is expected in whole lines: `OutputLines` gathers them.
 */
export function renderEvent(event: AgentEvent, view: View, told: Told): string {
  switch (event.type) {
    case "run-start":
    case "agent-start":
      return `${heading(taskTitle(event.agentPath), view)}${block(sanitize(event.task), "  ", view)}`;
    case "warning":
      return block(`Warning: ${sanitize(event.message)}`, "  ", view, "yellow");
    case "plan":
      return renderPlan(event.plan, view);
    case "approval":
      return renderApproval(event.approval, view);
    case "step-start":
      return renderStepStart(event, view);
    case "model-retry":
      return block(`${sanitizeLine(event.message)} Again in ${duration(event.delayMs)}.`, "  ", view, "yellow");
    case "code":
      return renderAction(event.thought, event.code, view);
    case "output-delta":
      return block(sanitize(event.text), gutter, view, event.stream === "stderr" ? "yellow" : undefined);
    case "tool-call":
      return told.hasCode ? "" : `${renderFirstThought(view, told)}${renderCall(event, view, told.callNumber(event.callId))}`;
    case "tool-result":
      if (told.hasCode) return event.error === undefined ? "" : renderCallResult(event, view, undefined);
      return renderCallResult(event, view, told.callNumber(event.callId));
    case "rich-output":
      return block(sanitizeLine(`[displayed: ${Object.keys(event.output).join(", ")}]`), gutter, view, "dim");
    case "execution":
      return renderExecution(event.execution, view);
    case "step-end":
      return renderStepEnd(event.action, view, told);
    case "run-end":
    case "agent-end":
      return renderRunEnd(event, view, told);
    default:
      return "";
  }
}

export function renderStepStart({ step }: AgentEvent, view: View): string {
  return `\n${heading(`Step ${step}`, view)}`;
}

/** Says of a managed agent whose it is. */
function taskTitle(agentPath: readonly string[]): string {
  return agentPath.length <= 1 ? "Task" : `Task of ${sanitizeLine(agentPath.join(" › "))}`;
}

/** What a model without code says before it calls: there is no event of its own for that. */
export function renderFirstThought(view: View, told: Told): string {
  if (told.hasThought || told.text.trim() === "") return "";
  told.hasThought = true;
  return renderAction(told.text, "", view);
}

function renderAction(thought: string, code: string, view: View): string {
  const text = sanitize(thought.replace(/^\s*Thought:\s*/i, "")).trim();
  const spaced = text === "" ? "" : `${block(text, "  ", view)}\n`;
  return code === "" ? spaced : `${spaced}${codeBlock(sanitize(code), "    ", view)}\n`;
}
