import type { AgentEvent } from "@codelet/core";
import { sanitizeLine } from "@codelet/core/console";

/** Characters of the model's unfinished text that are shown. */
const maxShown = 60;

/** Says in one line what a run is doing, while nothing of it can be shown yet. Feed it every event. */
export class Activity {
  #written = "";

  /** The new line; undefined where it stays as it was. */
  push(event: AgentEvent): string | undefined {
    if (event.agentPath.length > 1) return undefined; // what a managed agent does is its manager's tool call
    switch (event.type) {
      case "step-start":
        this.#written = "";
        return `Step ${event.step}: the model is asked…`;
      case "model-delta":
        this.#written = (this.#written + event.text).slice(-4 * maxShown);
        return `Step ${event.step}: … ${sanitizeLine(this.#written).slice(-maxShown)}`;
      case "code":
        return `Step ${event.step}: the code is running…`;
      case "tool-call":
        return `Step ${event.step}: ${sanitizeLine(event.tool)}…`;
      default:
        return undefined;
    }
  }
}
