import { CodeletError, type RunBase } from "@codelet/core";
import { type ExitCode, exitCodes } from "./exit-code.ts";

/** What is told of anything that was thrown. */
export interface Failure {
  /** One of the codes in docs/errors.md, or "unknown". */
  readonly code: string;
  readonly name: string;
  /** May be foreign text. */
  readonly message: string;
  readonly exitCode: ExitCode;
  /** What the run had done, where there was one. */
  readonly run: RunBase | undefined;
}

/** A wrong setting is the caller's to change; anything else that throws is a failed run. */
export function describeFailure(thrown: unknown): Failure {
  const { name, message } = thrown instanceof Error ? thrown : { name: "Error", message: String(thrown) };
  if (!CodeletError.isInstance(thrown)) return { code: "unknown", name, message, exitCode: exitCodes.failed, run: undefined };
  const isSetting = CodeletError.isInstance(thrown, "configuration", "missing-package");
  const hint = CodeletError.isInstance(thrown, "missing-package") ? " (with --global, if codelet was installed with it)" : "";
  return { code: thrown.code, name, message: message + hint, exitCode: isSetting ? exitCodes.usage : exitCodes.failed, run: thrown.run };
}
