import type { AgentEvent } from "../events.ts";

/** What the events of one agent have told so far, as far as the rendering of later ones depends on it. */
export class Told {
  /** Steps that have ended, and their tool calls. */
  steps = 0;
  toolCalls = 0;
  /** The step had a program: its calls can be read there. */
  hasCode = false;
  /** What the model said in this step has been shown. */
  hasThought = false;
  /** What the model thought before it answered, and its answer, as far as they were streamed. */
  reasoning = "";
  text = "";
  readonly #calls = new Map<string, number>();

  note(event: AgentEvent): void {
    switch (event.type) {
      case "run-start":
      case "agent-start":
        this.steps = this.toolCalls = 0;
        break;
      case "step-start":
        this.hasCode = this.hasThought = false;
        this.reasoning = this.text = "";
        this.#calls.clear();
        break;
      case "model-retry":
      case "plan":
        this.reasoning = this.text = "";
        break;
      case "model-delta":
        if (event.part === "reasoning") this.reasoning = (this.reasoning + event.text).slice(0, maxCharacters);
        else this.text = (this.text + event.text).slice(0, maxCharacters);
        break;
      case "code":
        this.hasThought = true;
        this.hasCode = event.code !== "";
        break;
      case "tool-call":
        this.#calls.set(event.callId, this.#calls.size + 1);
        break;
      case "step-end":
        this.steps++;
        this.toolCalls += event.action.toolCalls.length;
        break;
    }
  }

  /** Counts from 1 in each step, so that results of parallel calls find their call; undefined for a call that wasn't seen. */
  callNumber(callId: string): number | undefined {
    return this.#calls.get(callId);
  }
}

/** Of a text that is kept until it can be shown. */
const maxCharacters = 20_000;
