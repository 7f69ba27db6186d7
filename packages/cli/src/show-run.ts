import type { AgentEvent, CodeAgent, PlainValue, RunResult } from "@codelet/core";
import { consoleReporter, sanitizeLine } from "@codelet/core/console";
import { Activity } from "./activity.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-code.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { watchSignals } from "./interruption.ts";
import { eventLine, failureLine, resultLine } from "./json-line.ts";
import type { Screen } from "./screen.ts";

/** Runs a task and shows it while it happens. Signals and a closed output stop it; what was done is shown then too. Never rejects for the run. */
export async function showRun<Output>(agent: CodeAgent<Output>, task: string, screen: Screen, format: "text" | "json"): Promise<ExitCode> {
  const show = format === "json" ? jsonFormat : textFormat(screen);
  const activity = new Activity();
  const interruption = watchSignals(() => {
    screen.note("Stopping… (once more to exit at once)");
    screen.hurry();
  });
  // Not `using`, which Node 22 doesn't know: there the command runs from source in tests and in the demo.
  try {
    const run = agent.start(task, { signal: AbortSignal.any([interruption.signal, screen.closed]) });
    for await (const event of run) {
      if (event.type === "sandbox-progress") screen.progress(`Sandbox: ${sanitizeLine(event.message)}`);
      screen.activity(activity.push(event, screen.lineColumns));
      await screen.write(show.event(event));
    }
    try {
      const result = (await run.result) as RunResult<PlainValue>;
      await screen.write(show.result(result));
      return screen.closed.aborted ? exitCodes.interrupted : exitCodeOf(result.state); // the answer may be what was lost
    } catch (error) {
      const failure = describeFailure(error);
      await screen.write(show.failure(failure));
      if (format === "json") screen.note(sanitizeLine(failure.message));
      return interruption.signal.aborted ? exitCodes.interrupted : failure.exitCode;
    }
  } finally {
    interruption[Symbol.dispose]();
  }
}

interface Format {
  event(event: AgentEvent): string;
  /** What the last event has not told. */
  result(result: RunResult<PlainValue>): string;
  failure(failure: Failure): string;
}

const jsonFormat: Format = { event: eventLine, result: resultLine, failure: failureLine };

function textFormat(screen: Screen): Format {
  let shown = "";
  const report = consoleReporter({
    write: (text) => {
      shown = text;
    },
    columns: () => screen.width ?? Number.POSITIVE_INFINITY,
    colors: screen.colour,
  });
  return {
    event: (event) => {
      shown = "";
      report(event);
      return shown;
    },
    result: () => "",
    failure: () => "",
  };
}
