import { readFileSync } from "node:fs";
import { parseCommandLine } from "./command-line.ts";
import { type ExitCode, exitCodes } from "./exit-code.ts";
import { helpText } from "./help-text.ts";

/** What the arguments ask for, on this process's streams; resolves with the exit code. What only a run needs is loaded for a run. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  // Nobody may read what is written: that is no reason to crash.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const command = parseCommandLine(argv);
  switch (command.name) {
    case "help":
      process.stdout.write(helpText());
      return exitCodes.success;
    case "version":
      process.stdout.write(`${version()}\n`);
      return exitCodes.success;
    case "usage-error": {
      const { sanitizeLine } = await import("@codelet/core/console");
      process.stderr.write(`codelet: ${sanitizeLine(command.problem)}\nSee codelet --help\n`);
      return exitCodes.usage;
    }
    case "run": {
      const { runCommand } = await import("./run-command.ts");
      return runCommand(command);
    }
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return (manifest as { readonly version: string }).version;
}
