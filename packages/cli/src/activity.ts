import type { AgentEvent } from "@codelet/core";
import { sanitizeLine, textWidth } from "@codelet/core/console";
import { fitEnd } from "./fit-end.ts";

/** Columns that the end of the model's unfinished text takes at most. */
const maxShown = 60;
/** UTF-16 units of it that are kept: the longest emoji takes 15 of them for two columns. */
const maxKept = 8 * maxShown;

/** Says in one line what a run is doing, while nothing of it can be shown yet. Feed it every event. */
export class Activity {
  #written = "";

  /** The new line; undefined where it stays as it was. Of a text the end is shown, as much as fits into so many columns. */
  push(event: AgentEvent, columns: number): string | undefined {
    if (event.agentPath.length > 1) return undefined; // what a managed agent does is its manager's tool call
    switch (event.type) {
      case "step-start":
        this.#written = "";
        return `Step ${event.step}: the model is asked…`;
      case "model-delta": {
        this.#written = (this.#written + event.text).slice(-maxKept);
        const label = `Step ${event.step}: … `;
        return label + fitEnd(sanitizeLine(this.#written), Math.min(maxShown, columns - textWidth(label)));
      }
      case "code":
        return `Step ${event.step}: the code is running…`;
      case "tool-call":
        return `Step ${event.step}: ${sanitizeLine(event.tool)}…`;
      default:
        return undefined;
    }
  }
}
