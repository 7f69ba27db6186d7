import type { Highlight } from "./highlight.ts";
import { colourPaint, type Paint, plainPaint } from "./palette.ts";

/** How things are shown: everything that rendering depends on besides what is shown. */
export interface View {
  /** Columns; `Infinity` wraps nothing. */
  readonly width: number;
  readonly paint: Paint;
  readonly highlight: Highlight;
}

export interface ViewOptions {
  /** Columns. Minimum 20. @default Infinity: nothing is wrapped */
  readonly width?: number | undefined;
  /** Whether terminal colours are written. @default false */
  readonly colour?: boolean | undefined;
  /** Colours a program. Used with `colour` only. @default programs stay uncoloured */
  readonly highlight?: Highlight | undefined;
}

const minimumWidth = 20;
const plainCode: Highlight = (code) => code;

export function createView({ width = Number.POSITIVE_INFINITY, colour = false, highlight = plainCode }: ViewOptions = {}): View {
  return {
    width: Math.max(width, minimumWidth),
    paint: colour ? colourPaint : plainPaint,
    highlight: colour ? highlight : plainCode,
  };
}
