import type { RunBase, RunResult } from "../agent.ts";
import type { AgentEvent, EventBody } from "../events.ts";
import type { ActionStep, Step } from "../memory.ts";
import { addUsage, noUsage } from "../model.ts";
import { ofKind } from "../option-checks.ts";
import type { Json, Value } from "../value.ts";
import { type ConsoleReporterOptions, consoleReporter } from "./console-reporter.ts";

/** Ends a run, and is no call of a tool. */
const finalAnswer = "final_answer";

/**
 * Prints a finished run, or steps that were kept, as `consoleReporter` would have while it happened: of managed agents only what their manager was
 * told. A result's ending is shown too; that of a failed run is in the error that carried it.
 *
 * @example
 * replay(await agent.run("What is the 100th prime?"), { verbosity: "info" });
 */
export function replay(run: RunBase | RunResult<unknown> | readonly Step[], options: ConsoleReporterOptions = {}): void {
  const report = consoleReporter(options);
  if (!isSteps(run)) ofKind("a list of steps, such as `result.steps`", "run.steps", run?.steps);
  const { runId, steps } = isSteps(run) ? { runId: "", steps: run } : run;
  let seq = 0;
  for (const { body, step } of eventsOf(steps)) report({ seq: ++seq, runId, agentPath: [], step, ...body } as AgentEvent);
  if (!isSteps(run) && "state" in run) report({ seq: ++seq, runId, agentPath: [], ...endOf(run) });
}

interface Replayed {
  readonly step?: number;
  readonly body: EventBody;
}

function* eventsOf(steps: readonly Step[]): Generator<Replayed> {
  for (const step of steps) {
    switch (step.type) {
      case "system":
        break;
      case "task":
        yield { body: { type: "run-start", task: step.task.replace(/^New task:\n/, "") } };
        break;
      case "summary":
        yield { body: { type: "code", thought: step.summary, code: "" } };
        break;
      case "planning":
        yield { step: step.step, body: { type: "plan", plan: step } };
        break;
      case "action":
        for (const body of bodiesOf(step)) yield { step: step.step, body };
    }
  }
}

function* bodiesOf(action: ActionStep): Generator<EventBody> {
  const { thought, code, observation, outputs, toolResults = [], modelParts = [] } = action;
  yield { type: "step-start" };
  if (code !== "") yield { type: "code", thought, code };
  else if (toolResults.length > 0 && thought.trim() !== "") yield { type: "code", thought, code: "" };
  for (const part of modelParts) {
    if (part.type === "tool-call" && part.name !== finalAnswer)
      yield { type: "tool-call", callId: part.id, tool: part.name, input: asArguments(part.input) };
  }
  for (const { id, name, content, isError } of toolResults) {
    if (name === finalAnswer && !isError) continue;
    const [, error = "Error", message = content] = /^(\w+): (.*)$/s.exec(content) ?? [];
    const outcome = isError ? { error: { name: error, message } } : { value: content };
    yield { type: "tool-result", callId: id, tool: name, durationMs: 0, ...outcome };
  }
  if (code !== "") yield { type: "output-delta", stream: "stdout", text: `${observation.replace(/^Observation:\n/, "")}\n` };
  for (const output of outputs) yield { type: "rich-output", output };
  yield { type: "step-end", action };
}

/** Arguments of JSON calls by name, as events have those of code. */
function asArguments(input: Json): Value {
  return typeof input === "object" && input !== null && !Array.isArray(input)
    ? { args: [], kwargs: input as { readonly [key: string]: Value } }
    : input;
}

function endOf(run: RunResult<unknown>): Extract<EventBody, { readonly type: "run-end" }> {
  const { usage, costUsd, durationMs, state } = run;
  const base = { type: "run-end", usage: addUsage(noUsage, usage), costUsd, durationMs } as const;
  if (state === "success") return { ...base, state, output: run.output };
  if (state !== "limit") return { ...base, state };
  const { limit, output, text } = run;
  return { ...base, state, limit, ...(output !== undefined && { output }), ...(text !== undefined && { text }) };
}

function isSteps(run: RunBase | readonly Step[]): run is readonly Step[] {
  return Array.isArray(run);
}
