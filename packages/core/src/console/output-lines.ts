import type { AgentEvent } from "../events.ts";
import { plainLineEnds } from "./sanitize.ts";

type OutputDelta = Extract<AgentEvent, { readonly type: "output-delta" }>;

/** Characters of a line that are waited for, before what there is of it is shown. */
const maxLineCharacters = 4_000;
const maxStepCharacters = 20_000;
const maxStepLines = 400;
const cutMark = "[… more output is not shown]\n";

/** What one agent's code prints and calls in a step: pieces of output become whole lines, and a flood is cut. */
export class OutputLines {
  #pending: OutputDelta | undefined;
  #characters = 0;
  #lines = 0;
  #isCut = false;

  /** A new step may be as long as the last one. */
  restart(): void {
    this.#characters = this.#lines = 0;
    this.#isCut = false;
  }

  /** What is to be shown now, in order: whole lines, or what has grown too long to wait for its end. */
  add(event: OutputDelta): readonly OutputDelta[] {
    const earlier = this.#pending?.stream === event.stream ? [] : this.flush();
    const text = (this.#pending?.text ?? "") + event.text;
    const end = text.length > maxLineCharacters ? text.length : text.lastIndexOf("\n") + 1;
    this.#pending = end === text.length ? undefined : { ...event, text: text.slice(end) };
    return end === 0 ? earlier : [...earlier, ...this.#cap({ ...event, text: text.slice(0, end) })];
  }

  /** The unfinished line, before something else is shown. */
  flush(): readonly OutputDelta[] {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending === undefined ? [] : this.#cap(pending);
  }

  /** Whether there is still room for something beside the output, such as a call; it takes the room of one line. */
  admits(): boolean {
    return !this.#isCut && ++this.#lines <= maxStepLines;
  }

  #cap(event: OutputDelta): readonly OutputDelta[] {
    if (this.#isCut) return [];
    const whole = plainLineEnds(event.text);
    const lines = whole.split(/(?<=\n)/).slice(0, Math.max(maxStepLines - this.#lines, 0));
    const text = lines.join("").slice(0, maxStepCharacters - this.#characters);
    this.#characters += text.length;
    this.#lines += lines.length;
    if (text.length === whole.length) return [event];
    this.#isCut = true;
    return [{ ...event, text: `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${cutMark}` }];
  }
}
