import { AbortedError, type AgentEvent, type RunResult } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import type { Failure } from "./failure.ts";

/** DEL, the C1 controls and the characters that hide or reorder text: JSON leaves them as they are, and a terminal may obey them. */
const unsafe = /[\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** One event as a line of JSON, its values in core's tagged form. */
export function eventLine(event: AgentEvent): string {
  try {
    return line(event);
  } catch {
    const { type, seq, runId, agentPath, step } = event;
    return line({ type, seq, runId, agentPath, step, omitted: "This event can't be written as JSON." });
  }
}

/** The last line: how the run ended, and the totals. The steps were events already. */
export function resultLine({ steps, ...facts }: RunResult): string {
  const reason = "reason" in facts ? { reason: String(facts.reason instanceof AbortedError ? facts.reason.cause : facts.reason) } : {};
  return line({ type: "result", ...facts, ...reason, steps: countActions(steps) });
}

/** The last line of a run that failed. */
export function failureLine({ code, name, message, run }: Failure): string {
  const { steps = [], ...facts } = run ?? {};
  return line({ type: "result", state: "failed", error: { code, name, message }, ...facts, steps: countActions(steps) });
}

function countActions(steps: RunResult["steps"]): number {
  return steps.filter(({ type }) => type === "action").length;
}

function line(value: object): string {
  return `${JSON.stringify(encodeValue(value)).replaceAll(unsafe, escaped)}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
