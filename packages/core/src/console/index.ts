export { type ConsoleReporter, type ConsoleReporterOptions, consoleReporter, type Verbosity } from "./console-reporter.ts";
export type { Language } from "./highlight.ts";
export { replay } from "./replay.ts";
export { sanitize, sanitizeLine } from "./sanitize.ts";
export { fitText, textWidth } from "./text-width.ts";
export { wrapText } from "./wrap-text.ts";
