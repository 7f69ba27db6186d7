import type { AgentEvent, CodeAgent, PlainValue, RunResult } from "@codelet/core";
import { Activity } from "./activity.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-code.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { watchSignals } from "./interruption.ts";
import { eventLine, failureLine, resultLine } from "./json-line.ts";
import { OutputLines } from "./output-lines.ts";
import { renderEvent } from "./render-event.ts";
import { renderFailure, renderResult } from "./render-result.ts";
import { sanitizeLine } from "./sanitize.ts";
import type { Screen } from "./screen.ts";
import { createView, type View } from "./view.ts";

/** Runs a task and shows it while it happens. Signals and a closed output stop it; what was done is shown then too. Never rejects for the run. */
export async function showRun<Output>(agent: CodeAgent<Output>, task: string, screen: Screen, format: "text" | "json"): Promise<ExitCode> {
  const show = format === "json" ? jsonFormat() : await textFormat(screen);
  const activity = new Activity();
  using interruption = watchSignals(() => screen.note("Stopping… (once more to exit at once)"));
  const run = agent.start(task, { signal: AbortSignal.any([interruption.signal, screen.closed]) });
  for await (const event of run) {
    if (event.type === "sandbox-progress") screen.progress(`Sandbox: ${sanitizeLine(event.message)}`);
    screen.activity(activity.push(event));
    await screen.write(show.event(event));
  }
  try {
    const result = (await run.result) as RunResult<PlainValue>;
    await screen.write(show.result(result));
    return exitCodeOf(result.state);
  } catch (error) {
    const failure = describeFailure(error);
    await screen.write(show.failure(failure));
    if (format === "json") screen.note(sanitizeLine(failure.message));
    return interruption.signal.aborted ? exitCodes.interrupted : failure.exitCode;
  }
}

interface Format {
  event(event: AgentEvent): string;
  result(result: RunResult<PlainValue>): string;
  failure(failure: Failure): string;
}

function jsonFormat(): Format {
  return { event: eventLine, result: resultLine, failure: failureLine };
}

async function textFormat(screen: Screen): Promise<Format> {
  const { colour } = screen;
  const highlight = colour ? await import("./highlight.ts").then(({ loadHighlight }) => loadHighlight("python")) : undefined;
  const view = (): View => createView({ width: screen.width, colour, highlight });
  const lines = new OutputLines();
  return {
    event: (event) =>
      lines
        .push(event)
        .map((shown) => renderEvent(shown, view()))
        .join(""),
    result: (result) => renderResult(result, view()),
    failure: ({ message, run }) => renderFailure(message, run, view()),
  };
}
