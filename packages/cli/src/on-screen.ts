import { sanitizeLine } from "@codelet/core/console";
import { type Environment, readEnvironment } from "./environment.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { describeFailure } from "./failure.ts";
import { openScreen, type Screen } from "./screen.ts";

/** Does something on this process's streams. What it throws is told on standard error; resolves with the exit code. */
export async function onScreen(work: (screen: Screen, environment: Environment) => Promise<ExitCode>): Promise<ExitCode> {
  const environment = readEnvironment();
  const screen = openScreen(process.stdout, process.stderr, environment);
  try {
    return await work(screen, environment);
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    screen.note(`codelet: ${sanitizeLine(message)}`);
    return exitCode;
  } finally {
    screen.progress("");
    if (screen.stalled) process.exit(exitCodes.interrupted); // it would wait for the reader otherwise
  }
}
