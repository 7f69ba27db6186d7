import type { AgentEvent } from "../events.ts";
import { behindLabel, labelled, labelOf } from "./label.ts";
import { OutputLines } from "./output-lines.ts";
import { renderDetail } from "./render-detail.ts";
import { renderEvent, renderStepStart } from "./render-event.ts";
import { renderFailure } from "./render-failure.ts";
import { Told } from "./told.ts";
import type { View } from "./view.ts";

/** How much is shown, where something is. */
export type Detail = "error" | "info" | "debug";

const renderers = { error: renderFailure, info: renderEvent, debug: renderDetail } as const;

/** One agent whose events are shown: what it has begun to say stays its own while others speak. */
export class Speaker {
  readonly agentPath: readonly string[];
  /** From 1, among the calls of one agent that run at once. */
  readonly number: number;
  readonly #detail: Detail;
  readonly #lines = new OutputLines();
  readonly #told = new Told();
  /** A step of which only failures are shown gets its heading with the first of them. */
  #untitled: AgentEvent | undefined;

  constructor(agentPath: readonly string[], number: number, detail: Detail) {
    this.agentPath = agentPath;
    this.number = number;
    this.#detail = detail;
  }

  /** What is to be written for an event of this agent: whole lines or nothing. */
  hear(event: AgentEvent, whole: View): string {
    return this.#labelled(whole, (view) => this.#respond(event, view));
  }

  /** The line that has no end yet. */
  finish(whole: View): string {
    return this.#labelled(whole, (view) => this.#flush(view));
  }

  #labelled(whole: View, render: (view: View) => string): string {
    const label = labelOf(this.agentPath, this.number, whole.width);
    return labelled(render(behindLabel(label, whole)), label, whole);
  }

  #respond(event: AgentEvent, view: View): string {
    this.#told.note(event);
    if (event.type === "step-start") {
      this.#lines.restart();
      if (this.#detail === "error") this.#untitled = event;
    }
    if (event.type === "output-delta") return this.#detail === "error" ? "" : this.#render(this.#lines.add(event), view);
    const text = this.#render([event], view);
    if (text === "") return ""; // an unfinished line goes on behind what isn't shown
    const before = this.#title(event, view) + this.#flush(view);
    return isBesideOutput(event) && !this.#lines.admits() ? before : before + text;
  }

  #render(events: readonly AgentEvent[], view: View): string {
    return events.map((event) => renderers[this.#detail](event, view, this.#told)).join("");
  }

  #flush(view: View): string {
    return this.#render(this.#lines.flush(), view);
  }

  #title({ step }: AgentEvent, view: View): string {
    const start = this.#untitled;
    if (start === undefined || step === undefined) return "";
    this.#untitled = undefined;
    return renderStepStart(start, view);
  }
}

function isBesideOutput({ type }: AgentEvent): boolean {
  return type === "tool-call" || type === "tool-data" || type === "tool-result" || type === "rich-output";
}
