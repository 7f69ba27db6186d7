import { AbortedError, type AgentEvent, type RunResult } from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import type { Failure } from "./failure.ts";

/** What JSON leaves as it is, and a terminal may obey or not show: DEL and the C1 controls, and what hides or reorders text. */
const unsafe = /(?!\u200c|\u200d|[\ufe00-\ufe0f])[\u007f-\u009f\u2028\u2029\ufff9-\ufffb\p{Default_Ignorable_Code_Point}]/gu;

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
  return jsonLine(encodeValue(value));
}

/** A value as one line of JSON that is safe in a terminal. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replaceAll(unsafe, escaped)}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
