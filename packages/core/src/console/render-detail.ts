import type { AgentEvent } from "../events.ts";
import { tokens } from "./amounts.ts";
import { block, gutter } from "./layout.ts";
import { renderCall, renderCallResult } from "./render-call.ts";
import { renderEvent, renderFirstThought } from "./render-event.ts";
import { cutText, renderInline } from "./render-value.ts";
import { sanitize, sanitizeLine } from "./sanitize.ts";
import type { Told } from "./told.ts";
import type { View } from "./view.ts";

const maxDataCharacters = 500;
const maxTracebackCharacters = 4_000;

/** One event as `renderEvent` shows it, and what else is known: every call, progress, the model's reasoning, the usage of each answer, tracebacks. */
export function renderDetail(event: AgentEvent, view: View, told: Told): string {
  switch (event.type) {
    case "sandbox-progress":
      return block(`Sandbox: ${sanitizeLine(event.message)}`, "  ", view, "dim");
    case "model-end": {
      const usage = tokens(event.usage);
      return `${block(sanitize(told.reasoning).trim(), "  ┊ ", view, "dim")}${usage === "" ? "" : block(`Model: ${usage}`, "  ", view, "dim")}`;
    }
    case "tool-call":
      return `${renderFirstThought(view, told)}${renderCall(event, view, told.callNumber(event.callId))}`;
    case "tool-data":
      return block(`${sanitizeLine(event.tool)}: ${renderInline(event.data, maxDataCharacters)}`, gutter, view, "dim");
    case "tool-result":
      return renderCallResult(event, view, told.callNumber(event.callId));
    case "rich-output": {
      const { "text/plain": text = "" } = event.output;
      return `${renderEvent(event, view, told)}${block(cutText(sanitize(text), maxDataCharacters), gutter, view)}`;
    }
    case "execution": {
      const { traceback = "" } = event.execution.error ?? {};
      return `${block(cutText(sanitize(traceback), maxTracebackCharacters), gutter, view, "red")}${renderEvent(event, view, told)}`;
    }
    default:
      return renderEvent(event, view, told);
  }
}
