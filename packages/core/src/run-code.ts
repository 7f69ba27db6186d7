import { execute } from "./execute.ts";
import type { Execution, Executor, OutputChunk } from "./executor.ts";
import { checkExecutor } from "./executor-type.ts";
import { atLeast, checkOptions, type KnownOptions, ofKind } from "./option-checks.ts";
import type { ApprovalDecision } from "./policy.ts";
import { type ActionKind, resolveAgent } from "./resolved-agent.ts";
import { type RunHandle, unattended } from "./run.ts";
import { RunContext } from "./run-context.ts";
import type { Sandbox } from "./sandbox.ts";
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

const defaultTimeoutMs = 30_000;
// biome-ignore format: a table
const runCodeOptions: KnownOptions<RunCodeOptions> = {
  tools: "a list", variables: "an object", authorizedImports: "a list of names", signal: "an AbortSignal", timeoutMs: true,
  onOutput: "a function", context: true,
};

/**
 * Runs one program in a sandbox of its own, without an agent; its tool calls are validated and performed as an agent's are.
 * One that needs approval is refused, since nobody can be asked. An error of the code is in `execution.error`. Rejects with what `Executor.open` rejects with, and with the signal's reason.
 *
 * @example
 * const { value, logs } = await runCode(wasmExecutor(), "print('hi')\n6 * 7");
 */
export async function runCode(executor: Executor, code: string, options: RunCodeOptions = {}): Promise<Execution> {
  checkExecutor(executor);
  ofKind("text", "code", code);
  const { tools, variables, authorizedImports, signal, onOutput, context } = checkOptions("runCode", options, runCodeOptions);
  const timeoutMs = atLeast(1, "timeoutMs", options.timeoutMs ?? defaultTimeoutMs);
  const agent = resolveAgent({ tools, model: async () => "" }, { kind: "code", executor, authorizedImports });
  const kind: ActionKind = { agent, executor, systemPrompt: "", request: {}, act: async () => undefined };
  const emit: RunHandle["emit"] = (event) => {
    if (event.type === "output-delta") onOutput?.({ stream: event.stream, text: event.text });
  };
  const approve = (): ApprovalDecision => ({ approve: false, reason: "it needs approval, and nobody can be asked" });
  const run = new RunContext(kind, { signal, context, additionalArgs: variables, approve }, { handle: { ...unattended, emit } });
  const sandbox = run.thread.sandbox as Sandbox;
  try {
    return await execute(run, await sandbox.session(), { key: "code", code, timeoutMs, evidence: { toolCalls: [] } });
  } finally {
    await sandbox[Symbol.asyncDispose]();
  }
}
