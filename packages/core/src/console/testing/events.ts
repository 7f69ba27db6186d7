import type { AgentEvent, EventBase, EventBody } from "../../events.ts";
import type { Execution } from "../../executor.ts";
import type { ActionStep } from "../../memory.ts";
import { noUsage } from "../../model.ts";

/** An event of a run's first step. */
export function anEvent(body: EventBody, base: Partial<EventBase> = {}): AgentEvent {
  return { seq: 1, runId: "run", agentPath: ["agent"], step: 1, ...base, ...body };
}

export function anExecution(changes: Partial<Execution> = {}): Execution {
  return { value: null, logs: "", outputs: [], stateLost: false, durationMs: 5, ...changes };
}

export function anAction(changes: Partial<ActionStep> = {}): ActionStep {
  const texts = { modelOutput: "text", thought: "", code: "1", observation: "" };
  return {
    type: "action",
    step: 1,
    ...texts,
    outputs: [],
    toolCalls: [],
    usage: noUsage,
    startedAtMs: 0,
    durationMs: 1_500,
    isFinal: false,
    ...changes,
  };
}

/** What a terminal would obey, hide or show in another order. */
export const hostile = "\u001b]0;t\u0007\u001b[2J\u009b1mrm -rf /\b\b\r\u202eevil\u0000";

/** Everything of it that must not be written: all controls but the line end, and characters that reorder or hide. */
export const obeyed: RegExp = /[^\P{Cc}\n]|[\u200b\u202a-\u202e\u2066-\u2069]/u;
