import { ConfigurationError, type OpenSessionOptions } from "@codelet/core";
import { complaintAfter } from "./complaint.ts";
import { inOneLine } from "./in-one-line.ts";
import { checkPackageNames } from "./package-names.ts";
import { shellCommand } from "./supervisor-boot.ts";

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number;
  /** What it wrote, to stderr at least. */
  readonly output: string;
}

const maxComplaintChars = 300;

/** The packages belong to the code alone, whoever manages the image's Python; pips that don't know a variable ignore it. */
const environment = ["PIP_BREAK_SYSTEM_PACKAGES=1", "PIP_ROOT_USER_ACTION=ignore"];

/** The command that installs packages, for an exec without a shell. Throws TypeError for names that are none. */
export function pipInstall(packages: readonly string[]): readonly string[] {
  checkPackageNames(packages);
  const flags = ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--quiet"];
  return ["env", ...environment, "python3", "-m", "pip", "install", ...flags, ...packages];
}

/**
 * Installs packages in a machine before code runs there; without packages does nothing. `run` gets a command for a shell. Rejects with `configuration` that
 * says what pip said.
 */
export async function installPackages(
  packages: readonly string[],
  { onProgress }: OpenSessionOptions,
  run: (command: string) => Promise<CommandEnd>,
): Promise<void> {
  if (packages.length === 0) return;
  const names = packages.join(", ");
  onProgress?.(`installing ${names}`);
  const { exitCode, output } = await run(shellCommand(pipInstall(packages)));
  if (exitCode === 0) return;
  const complaint = complaintIn(output) || `it ended with exit code ${exitCode}`;
  throw new ConfigurationError(`pip could not install ${names}: ${complaint}. Check \`packages\`.`);
}

function complaintIn(output: string): string {
  const lines = output.split(/[\r\n]/).map((line) => line.trim());
  const complaint = lines.filter(Boolean).reduce(complaintAfter, "");
  return inOneLine(complaint, maxComplaintChars).replace(/[\s.]+$/, "");
}
