import { ConfigurationError } from "./errors.ts";
import { execute } from "./execute.ts";
import type { Execution, Executor, OutputChunk } from "./executor.ts";
import { resolveAgent } from "./resolved-agent.ts";
import { RunContext } from "./run-context.ts";
import type { AnyTool } from "./tool.ts";
import type { Value } from "./value.ts";

export interface RunCodeOptions {
  readonly tools?: readonly AnyTool[] | undefined;
  readonly variables?: Readonly<Record<string, Value>> | undefined;
  readonly authorizedImports?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of the code's own time. Minimum 1. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
  /** Handed to the tools. */
  readonly context?: unknown;
}

/**
 * Runs one program in a sandbox of its own, without an agent; its tool calls are validated and performed as an agent's are.
 * An error of the code is in `execution.error`. Rejects with what `Executor.open` rejects with, and with the signal's reason.
 *
 * @example
 * const { value, logs } = await runCode(wasmExecutor(), "print('hi')\n6 * 7");
 */
export async function runCode(executor: Executor, code: string, options: RunCodeOptions = {}): Promise<Execution> {
  const { tools, variables, authorizedImports, signal, timeoutMs, onOutput, context } = options;
  const agent = resolveAgent({ executor, tools, authorizedImports, stepTimeoutMs: timeoutMs, model: noModel }, executor.language);
  const run = new RunContext(
    agent,
    executor,
    { signal, context, additionalArgs: variables },
    {
      signal: new AbortController().signal,
      mayStep: async () => {},
      emit: (event) => {
        if (event.type === "output-delta") onOutput?.({ stream: event.stream, text: event.text });
      },
    },
  );
  try {
    return await execute(run, await run.sandbox.session(), "code", code, { toolCalls: [] });
  } finally {
    await run.sandbox[Symbol.asyncDispose]();
  }
}

async function noModel(): Promise<never> {
  throw new ConfigurationError("Code without an agent has no model.");
}
