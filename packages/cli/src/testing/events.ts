import { type ActionStep, type AgentEvent, type EventBody, type Execution, noUsage } from "@codelet/core";

/** An event of a run's first step. */
export function anEvent(body: EventBody): AgentEvent {
  return { seq: 1, runId: "run", agentPath: ["agent"], step: 1, ...body };
}

export function anExecution(changes: Partial<Execution> = {}): Execution {
  return { value: null, logs: "", outputs: [], stateLost: false, durationMs: 5, ...changes };
}

export function anAction(changes: Partial<ActionStep> = {}): ActionStep {
  return {
    type: "action",
    step: 1,
    modelOutput: "text",
    thought: "",
    code: "1",
    observation: "",
    outputs: [],
    toolCalls: [],
    usage: noUsage,
    startedAtMs: 0,
    durationMs: 1_500,
    isFinal: false,
    ...changes,
  };
}
