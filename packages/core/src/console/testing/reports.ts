import type { AgentEvent, EventBody } from "../../events.ts";
import { noUsage } from "../../model.ts";
import { type ConsoleReporterOptions, consoleReporter } from "../console-reporter.ts";
import { anEvent } from "./events.ts";

/** What a reporter writes about events, at 40 columns. */
export function report(events: readonly AgentEvent[], options: ConsoleReporterOptions = {}): string {
  let written = "";
  const reporter = consoleReporter({ columns: 40, write: (text) => (written += text), ...options });
  for (const event of events) reporter(event);
  return written;
}

/** Makes events of the manager, or of the agent below it that a path names. */
export function by(name: string, step = 1): (body: EventBody) => AgentEvent {
  const agentPath = name === "manager" ? ["manager"] : ["manager", ...name.split("/")];
  return (body) => anEvent(body, { agentPath, step: /^(run|agent)-/.test(body.type) ? undefined : step });
}

export const manager: (body: EventBody) => AgentEvent = by("manager");

export const end: Extract<EventBody, { readonly type: "run-end" }> = {
  type: "run-end",
  state: "success",
  usage: noUsage,
  costUsd: 0,
  durationMs: 1_000,
};

export function print(text: string): EventBody {
  return { type: "output-delta", stream: "stdout", text };
}
