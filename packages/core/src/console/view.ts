import { highlight, type Language, type Span } from "./highlight.ts";
import { colourPaint, type Paint, plainPaint } from "./palette.ts";

/** How things are shown: everything that rendering depends on besides what is shown. */
export interface View {
  /** Columns; `Infinity` wraps nothing. */
  readonly width: number;
  readonly paint: Paint;
  readonly highlight: (code: string) => readonly Span[];
}

export interface ViewOptions {
  /** Columns. @default Infinity: nothing is wrapped */
  readonly width?: number | undefined;
  /** Whether terminal colours are written. @default false */
  readonly colour?: boolean | undefined;
  /** @default "python" */
  readonly language?: Language | undefined;
}

export function createView({ width = Number.POSITIVE_INFINITY, colour = false, language = "python" }: ViewOptions = {}): View {
  return {
    width,
    paint: colour ? colourPaint : plainPaint,
    highlight: colour ? (code) => highlight(code, language) : (code) => [{ text: code }],
  };
}
