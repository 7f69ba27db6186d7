import { sanitizeLine } from "./sanitize.ts";
import { fitText, textWidth } from "./text-width.ts";
import type { View } from "./view.ts";

const bar = " │ ";
const widest = 32;
/** Of the columns, the part that a label may take. */
const share = 1 / 3;

/** What stands before each row of a managed agent, so that rows of several ones that work at once can be told apart: `search`, and `search#2` for a second call of it. Empty for the outermost agent. */
export function labelOf(agentPath: readonly string[], number: number, columns: number): string {
  const depth = agentPath.length - 1;
  if (depth < 1) return "";
  const room = Math.min(Math.floor(columns * share), widest) - bar.length;
  const suffix = number === 1 ? "" : `#${number}`;
  const name = fitText(sanitizeLine(agentPath.at(-1) as string), Math.max(room - suffix.length, 1)) + suffix;
  const indentation = Math.min(2 * depth, Math.max(room - textWidth(name), 0));
  return `${" ".repeat(indentation)}${name}`;
}

/** The view of what stands behind a label. */
export function behindLabel(label: string, view: View): View {
  return label === "" ? view : { ...view, width: view.width - textWidth(label) - bar.length };
}

/** Whole lines, each behind the label. */
export function labelled(text: string, label: string, { paint }: View): string {
  if (label === "" || text === "") return text;
  const rows = text.slice(0, -1).split("\n");
  return rows.map((row) => `${paint("cyan", label)}${paint("dim", row === "" ? bar.trimEnd() : bar)}${row}\n`).join("");
}
