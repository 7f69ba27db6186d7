export { type Highlight, loadHighlight } from "./highlight.ts";
export { OutputLines } from "./output-lines.ts";
export type { Colour, Paint } from "./palette.ts";
export { renderEvent } from "./render-event.ts";
export { renderFailure, renderResult } from "./render-result.ts";
export { sanitize, sanitizeLine } from "./sanitize.ts";
export { createView, type View, type ViewOptions } from "./view.ts";
