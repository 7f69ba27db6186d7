import type { AgentEvent } from "../events.ts";
import { renderCallResult } from "./render-call.ts";
import { renderRunFailure } from "./render-run-end.ts";
import { renderCodeFailure, renderStepFailure } from "./render-step.ts";
import type { View } from "./view.ts";

/** What failed, as `renderEvent` shows it; empty for everything else. */
export function renderFailure(event: AgentEvent, view: View): string {
  switch (event.type) {
    case "tool-result":
      return event.error === undefined ? "" : renderCallResult(event, view, undefined);
    case "execution":
      return renderCodeFailure(event.execution, view);
    case "step-end":
      return renderStepFailure(event.action, view);
    case "run-end":
    case "agent-end":
      return renderRunFailure(event, view);
    default:
      return "";
  }
}
