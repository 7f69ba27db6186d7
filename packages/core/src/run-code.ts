import type { Execution, Executor, OutputChunk } from "./executor.ts";
import type { AnyTool } from "./tool.ts";

/** What {@link runCode} may be told. */
export interface RunCodeOptions {
  readonly tools?: readonly AnyTool[] | undefined;
  /** Any plain data, as from a tool. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** As an agent's: a guard, not a boundary. @default every module of the sandbox */
  readonly authorizedImports?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of the code's own time. Minimum 1. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /** Live output, in order. What it throws counts for nothing. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
  /** Handed to the tools. */
  readonly context?: unknown;
}

/**
 * Runs one program in a sandbox of its own, without an agent; its tool calls are validated and performed as an agent's are.
 * One that needs approval is refused, since nobody can be asked. An error of the code is in `execution.error`. Rejects with what `Executor.open` rejects with, and with the signal's reason.
 *
 * @example
 * const { value, logs } = await runCode(wasmExecutor(), "print('hi')\n6 * 7");
 */
export async function runCode(executor: Executor, code: string, options: RunCodeOptions = {}): Promise<Execution> {
  return (await import("./with-others.ts")).performCode(executor, code, options);
}
