import type { AgentEvent } from "@codelet/core";

type OutputDelta = Extract<AgentEvent, { readonly type: "output-delta" }>;

/** Characters of a line that are waited for, before what there is of it is shown. */
const maxLineCharacters = 4_000;
const maxStepCharacters = 20_000;
const maxStepLines = 400;

/**
 * Turns pieces of output into whole lines: an escape sequence that came in two pieces would not be recognised in either, and a flood is cut.
 * Feed it every event of a run and render what it gives back.
 */
export class OutputLines {
  #pending: OutputDelta | undefined;
  #characters = 0;
  #lines = 0;
  #isCut = false;

  /** The events to show now, in order. */
  push(event: AgentEvent): readonly AgentEvent[] {
    switch (event.type) {
      case "output-delta":
        return this.#gather(event);
      case "model-delta":
        return [event];
      case "tool-result":
      case "rich-output":
        return [...this.#flush(), ...(++this.#lines > maxStepLines ? [] : [event])];
      case "step-start":
        this.#characters = this.#lines = 0;
        this.#isCut = false;
        return [event];
      default:
        return [...this.#flush(), event];
    }
  }

  #gather(event: OutputDelta): readonly OutputDelta[] {
    const earlier = this.#pending?.stream === event.stream ? [] : this.#flush();
    const text = (this.#pending?.text ?? "") + event.text;
    const end = text.length > maxLineCharacters ? text.length : text.lastIndexOf("\n") + 1;
    this.#pending = end === text.length ? undefined : { ...event, text: text.slice(end) };
    return end === 0 ? earlier : [...earlier, ...this.#cap({ ...event, text: text.slice(0, end) })];
  }

  #flush(): readonly OutputDelta[] {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending === undefined ? [] : this.#cap(pending);
  }

  #cap(event: OutputDelta): readonly OutputDelta[] {
    if (this.#isCut) return [];
    const lines = event.text.split(/(?<=\n)/).slice(0, Math.max(maxStepLines - this.#lines, 0));
    const text = lines.join("").slice(0, maxStepCharacters - this.#characters);
    this.#characters += text.length;
    this.#lines += lines.length;
    if (text.length === event.text.length) return [event];
    this.#isCut = true;
    return [{ ...event, text: `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}[… more output is not shown]\n` }];
  }
}
