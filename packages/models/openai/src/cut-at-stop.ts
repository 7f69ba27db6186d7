/** Passes text through up to the first stop text, which may arrive in pieces. */
export interface StopCutter {
  /** What of the text so far can be shown; the rest may yet turn out to be a stop text. */
  push(text: string): string;
  /** What was held back, at the end of the answer. */
  flush(): string;
  readonly isCut: boolean;
}

/** Ends an answer where a server would: at the stop text that is complete first. */
export function stopCutter(stops: readonly string[]): StopCutter {
  const wanted = stops.filter((stop) => stop !== "");
  let held = "";
  let isCut = false;
  return {
    push(text) {
      if (isCut || wanted.length === 0) return isCut ? "" : text;
      held += text;
      const end = firstStop(held, wanted);
      if (end !== undefined) isCut = true;
      const length = end ?? held.length - heldBack(held, wanted);
      const passed = held.slice(0, length);
      held = isCut ? "" : held.slice(length);
      return passed;
    },
    flush() {
      const rest = held;
      held = "";
      return rest;
    },
    get isCut() {
      return isCut;
    },
  };
}

/** Where the stop text that ends first begins; of two that end together, the longer. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  let start: number | undefined;
  let end = Number.POSITIVE_INFINITY;
  for (const stop of stops) {
    const index = text.indexOf(stop);
    if (index === -1 || index + stop.length > end) continue;
    start = index + stop.length === end ? Math.min(start ?? index, index) : index;
    end = index + stop.length;
  }
  return start;
}

/** Length of the longest end of the text with which a stop text begins. */
function heldBack(text: string, stops: readonly string[]): number {
  const longest = Math.max(...stops.map((stop) => stop.length)) - 1;
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (stops.some((stop) => stop.startsWith(end))) return length;
  }
  return 0;
}
